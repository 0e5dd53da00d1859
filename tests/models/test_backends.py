import importlib.util
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from v1keras import models

SCRIPT = pathlib.Path(__file__).parent / "outputs.py"


@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed: pip install v1keras[jax]")
def test_cores_and_readouts_give_the_same_on_jax(tmp_path):
    found = {}
    for backend in ("tensorflow", "jax"):
        out = tmp_path / f"{backend}.npz"
        subprocess.run([sys.executable, SCRIPT, out], env=os.environ | {"KERAS_BACKEND": backend}, check=True)
        found[backend] = np.load(out)
        assert found[backend]["backend"] == backend
    for name in found["jax"].files:
        if name != "backend":
            np.testing.assert_allclose(found["jax"][name], found["tensorflow"][name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.fixture
def mixed_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def run(make, x):
    layer = make()
    layer.build((None, *x.shape[1:]))
    for i, v in enumerate(layer.variables):
        if "seed" not in v.path:
            values = np.random.default_rng(i).normal(0, 0.3, v.shape)
            v.assign(np.abs(values) + 0.3 if any(part in v.path for part in ("variance", "pool", "exponent")) else values)
    assert {v.dtype for v in layer.variables if "seed" not in v.path} == {"float32"}
    return keras.ops.convert_to_numpy(keras.ops.cast(layer(x), "float32"))


LAYERS = {
    "stacked": (lambda: models.StackedCore((4, 5), (5, 3), first_activation="on_off"), (4, 21, 21, 1)),
    "divisive": (lambda: models.StackedCore((4, 5), (5, 3), first_activation="divisive"), (4, 21, 21, 1)),
    "equivariant": (lambda: models.RotationEquivariantCore((2, 3), (5, 3), 8), (4, 21, 21, 1)),
    "factorized": (lambda: models.FactorizedReadout(3), (4, 6, 9, 5)),
    "gaussian": (lambda: models.GaussianReadout(3, covariance="full"), (4, 6, 9, 5)),
    "dense": (lambda: models.DenseReadout(3), (4, 6, 9, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_mixed_bfloat16_is_float32_to_its_precision(name, request):
    """Eight bits of mantissa: a relative error of 2^-8 a factor, some of them in a row."""
    make, shape = LAYERS[name]
    x = np.random.default_rng(7).normal(size=shape).astype("float32")
    expected = run(make, x)
    request.getfixturevalue("mixed_bfloat16")
    found = run(make, x)
    assert 0 < np.abs(found - expected).max() < 0.05 * np.abs(expected).max()
