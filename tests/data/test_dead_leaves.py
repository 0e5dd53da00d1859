"""Simulated images have the statistics of natural scenes."""

import numpy as np
import pytest

from v1keras.data.dead_leaves import dead_leaves


@pytest.mark.parametrize("size", [32, 64])
def test_images_have_the_statistics_of_natural_scenes(size):
    images = dead_leaves(300, size, np.random.default_rng(0)).astype(float)
    rms = images.std(axis=(1, 2))
    # Contrast: 0.35 of the mean luminance at the median, and half to twice that in
    # nearly all images
    assert np.median(rms) / images.mean() == pytest.approx(0.35, rel=0.1)
    assert ((rms > 22) & (rms < 90)).mean() > 0.9
    assert images.mean() == pytest.approx(127, abs=3)
    assert images.min() == 0 and images.max() == 255
    assert ((images == 0) | (images == 255)).mean() < 0.05
    # Amplitude falls as 1/f, the slope of natural scenes being -1 +- 0.2 (van der
    # Schaaf & van Hateren 1996)
    amplitude = np.abs(
        np.fft.fft2(images - images.mean(axis=(1, 2), keepdims=True))
    ).mean(axis=0)
    cycles = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size))) * size
    middle = np.arange(2, size // 3)
    radial = [amplitude[np.abs(cycles - k) < 0.5].mean() for k in middle]
    slope = np.polyfit(np.log(middle), np.log(radial), 1)[0]
    assert -1.2 < slope < -0.8
