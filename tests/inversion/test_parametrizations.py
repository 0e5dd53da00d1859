"""Steps in other coordinates than pixels."""

import numpy as np
import pytest
from linear_nonlinear import ascent_on, cosines, gabors, linear_nonlinear

from v1keras.inversion import Fourier


@pytest.mark.parametrize("shape", [(16, 16), (15, 24)])
def test_fourier_steps_end_at_the_filter_too(shape):
    filters = np.pad(gabors(10, 15), ((0, 0), (0, shape[0] - 15), (0, shape[1] - 15)))
    ascent = ascent_on(linear_nonlinear(filters), size=shape, parametrization=Fourier())
    found = ascent.run(range(10))
    assert cosines(found.stimuli, filters).min() >= 0.99


def test_fourier_weights_are_those_of_a_discrete_fourier_transform():
    noise = np.random.default_rng(0).normal(size=(2, 15, 24, 1)).astype("float32")
    frequency = np.hypot(np.fft.fftfreq(15)[:, None], np.fft.fftfreq(24)[None])
    counts = 1 / np.maximum(frequency, 1 / 24)
    counts /= counts.max()
    by_numpy = lambda power: (
        np.fft.ifft2(np.fft.fft2(noise[..., 0]) * counts**power).real
    )
    np.testing.assert_allclose(Fourier().start(noise)[..., 0], by_numpy(1), atol=1e-5)
    np.testing.assert_allclose(Fourier().step(noise)[..., 0], by_numpy(2), atol=1e-5)
