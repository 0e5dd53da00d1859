"""Presets whose weights are stored in half precision."""

import h5py
import numpy as np
import pytest

from v1keras import zoo
from v1keras.zoo.weights import round_to_half, store_in_half


def dtypes(folder):
    kinds = set()

    def note(_, item):
        if isinstance(item, h5py.Dataset):
            kinds.add(str(item.dtype))

    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(note)
    return kinds


def test_a_rounded_model_is_stored_in_half_and_is_the_same_when_loaded(tmp_path):
    model, metadata = (
        zoo.load("simulated_factorized"),
        zoo.info("simulated_factorized"),
    )
    zoo.save(model, tmp_path / "whole", metadata)
    before = [np.array(weight) for weight in model.get_weights()]
    round_to_half(model)
    for rounded, weight in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(
            rounded, weight.astype("float16").astype("float32")
        )
    zoo.save(model, tmp_path / "half", metadata)
    assert dtypes(tmp_path / "whole") == {"float32"}
    assert dtypes(tmp_path / "half") == {"float16"}
    sizes = [
        (tmp_path / name / "model.weights.h5").stat().st_size
        for name in ("whole", "half")
    ]
    assert sizes[1] < 0.65 * sizes[0]
    loaded = zoo.load(tmp_path / "half", check=True)
    for weight, rounded in zip(loaded.get_weights(), model.get_weights(), strict=True):
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, rounded)


def test_a_weight_that_half_precision_does_not_hold_is_refused_or_kept(tmp_path):
    model = zoo.load("simulated_factorized")
    round_to_half(model)
    variable = model.variables[-1]
    variable.assign(np.full(variable.shape, 7e4, "float32"))
    with pytest.raises(ValueError, match="a value of 7e.04; half precision ends"):
        round_to_half(model)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    content = path.read_bytes()
    store_in_half(path)
    assert path.read_bytes() == content
    assert [item.name for item in tmp_path.iterdir()] == ["model.weights.h5"]
