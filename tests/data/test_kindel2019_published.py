"""The published recordings of Kindel et al. (2019), where they are at hand."""

import os

import numpy as np
import pytest
from scipy import ndimage

from v1keras.data import open_recording

SESSIONS = [26, 37, 34, 28, 44, 16, 36, 66, 29, 76]


@pytest.fixture(scope="module")
def published():
    if not os.environ.get("V1KERAS_DATA"):
        pytest.skip("V1KERAS_DATA is not set")
    return open_recording("kindel2019")


def test_published_sessions(published):
    assert (
        published.images.shape == (270, 33, 33) and published.images.dtype == np.uint8
    )
    sessions, counts = np.unique(published.neuron_session, return_counts=True)
    assert (
        sessions.tolist() == [f"{n:02d}" for n in range(1, 11)]
        and counts.tolist() == SESSIONS
    )


def test_published_responses(published):
    """Means of 20 counts; the paper has 355 neurons that fire 5.2 spikes a second."""
    np.testing.assert_allclose(
        published.responses * 20, np.round(published.responses * 20), atol=1e-4
    )
    reported = published.neuron_session != "02"
    assert published.included.tolist() == reported.tolist() and reported.sum() == 355
    assert published.responses[:, reported].mean() / 0.105 == pytest.approx(
        5.2, abs=0.05
    )


def likeness(image, other, degrees):
    """Correlation within the central disc, with the image turned; decimation may have
    moved it by one pixel.
    """
    turned = ndimage.rotate(image, degrees, reshape=False, order=1, mode="reflect")
    disc = np.hypot(*(np.mgrid[:33, :33] - 16)) < 11
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return max(
        np.corrcoef(np.roll(turned, shift, (0, 1))[disc], other[disc])[0, 1]
        for shift in shifts
    )


def test_published_groups_are_turned_photographs(published):
    """The third and fourth image of a photograph are its first and second turned by 90
    degrees; those two differ by 45 or 135.
    """
    images = published.images.astype(float)
    by_90, by_45, fake_datasets = [], [], []
    for nine in range(0, 270, 9):
        for first in (nine, nine + 4):
            assert len(set(published.image_group[first : first + 4])) == 1
            for a in (first, first + 1):
                by_90.append(
                    max(
                        likeness(images[a], images[a + 2], degrees)
                        for degrees in (90, 270)
                    )
                )
            by_45.append(
                max(
                    likeness(images[first], images[first + 1], degrees)
                    for degrees in (45, 135, 225, 315)
                )
            )
        degrees = range(0, 360, 45)
        fake_datasets += [
            max(likeness(images[nine + a], images[nine + b], d) for d in degrees)
            for a, b in ((0, 4), (0, 8), (4, 8))
        ]
        assert len(set(published.image_group[nine : nine + 9])) == 3
    assert min(by_90) > 0.999
    assert (
        min(by_45) > 0.6 and np.median(by_45) > 0.9
    )  # turned between the pixels, before the decimation
    assert np.median(fake_datasets) < 0.4
    assert len(set(published.image_group)) == 90
