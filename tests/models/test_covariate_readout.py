"""A readout that moves with the eyes and is scaled by behaviour."""

import numpy as np
from scipy import interpolate

from v1keras import models


def test_places_move_and_rates_scale():
    """Read between pixels by SciPy at the moved place, times a gain written out."""
    shifter, modulator = (
        models.Shifter("eye", [1.0, 2.0], [2.0, 4.0]),
        models.GainModulator(3, "run", [1.0], [2.0]),
    )
    readout = models.CovariateReadout(models.GaussianReadout(3), shifter, modulator)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4, 6, 9, 2)).astype("float32")
    behavior = {
        "eye": rng.normal(size=(4, 2)).astype("float32"),
        "run": rng.normal(size=(4, 1)).astype("float32"),
    }
    readout.build((None, 6, 9, 2))
    for v in readout.trainable_variables:
        v.assign(rng.normal(0, 0.4, v.shape))

    def perceptron(part, z, last):
        weights = part.get_weights()
        for i in range(0, len(weights) - 1, 2):
            z = np.tanh(z @ weights[i] + weights[i + 1])
        return last(z @ weights[-1])

    net = lambda part, z, last: (
        perceptron(part, z, last) - perceptron(part, 0 * z, last)
    )
    shift = net(shifter, (behavior["eye"] - [1, 2]) / [2, 4], np.tanh)
    gain = np.exp(net(modulator, (behavior["run"] - 1) / 2, lambda z: z))
    places = np.clip(readout.readout.mean.numpy()[None] + shift[:, None], -1, 1)
    grid = np.linspace(-1, 1, 6), np.linspace(-1, 1, 9)
    read = [
        interpolate.RegularGridInterpolator(grid, features[i].astype(float))(places[i])
        for i in range(4)
    ]
    drive = (
        np.einsum("bnc,cn->bn", read, readout.readout.features.numpy())
        + readout.readout.bias.numpy()
    )
    np.testing.assert_allclose(
        readout(features, behavior), gain * np.logaddexp(0, drive), rtol=1e-4
    )
