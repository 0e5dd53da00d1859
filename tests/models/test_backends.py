import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import outputs
import pytest

SCRIPT = pathlib.Path(__file__).parent / "outputs.py"


@pytest.mark.slow
@pytest.mark.skipif(
    not importlib.util.find_spec("jax"),
    reason="JAX is not installed: pip install v1keras[jax]",
)
def test_cores_and_readouts_give_the_same_on_jax(tmp_path):
    actual = {}
    for backend in ("tensorflow", "jax"):
        out = tmp_path / f"{backend}.npz"
        subprocess.run(
            [sys.executable, SCRIPT, out],
            env=os.environ | {"KERAS_BACKEND": backend},
            check=True,
        )
        actual[backend] = np.load(out)
        assert actual[backend]["backend"] == backend
    for name in actual["jax"].files:
        if name != "backend":
            np.testing.assert_allclose(
                actual["jax"][name],
                actual["tensorflow"][name],
                rtol=1e-5,
                atol=1e-5,
                err_msg=name,
            )


@pytest.mark.parametrize("name", sorted(set(outputs.LAYERS) - {"gabors"}))
def test_mixed_bfloat16_is_float32_to_its_precision(name):
    """Eight bits of mantissa: a relative error of 2^-8 per factor, some in a row."""
    expected = outputs.output(name)
    actual = outputs.output(name, "mixed_bfloat16")
    assert 0 < np.abs(actual - expected).max() < 0.05 * np.abs(expected).max()
    make, shape = outputs.LAYERS[name]
    layer = make(dtype="mixed_bfloat16")
    layer.build((None, *shape[1:]))
    assert {v.dtype for v in layer.variables if "seed" not in v.path} == {"float32"}
