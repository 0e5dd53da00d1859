"""Responses and the means of their repeats are compared where both are given."""

import numpy as np
import pytest

from v1keras.data import Recording, open_recording

IMAGES, TRIALS, NEURONS = 20, 20, 5
REPEATS = np.random.default_rng(0).poisson(3.0, (IMAGES, TRIALS, NEURONS))
REPEATS = REPEATS.astype("float32")
MEANS = REPEATS.mean(axis=1)


def recording(responses=MEANS, repeats=REPEATS, repeat_images=range(IMAGES)):
    return Recording(
        np.zeros((IMAGES, 4, 4), "uint8"),
        responses,
        repeats=repeats,
        repeat_images=list(repeat_images),
    )


def missing(array, share):
    drawn = np.random.default_rng(1).random(array.shape) < share
    return np.where(drawn, np.nan, array)


UNEVEN = missing(REPEATS, 0.3)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"responses": MEANS.round(3)},  # a table with three decimals
        {"responses": MEANS.astype("float64") * (1 + 1e-6)},
        {"responses": missing(MEANS, 0.2)},
        {"responses": np.nanmean(UNEVEN, axis=1), "repeats": UNEVEN},
        {"repeats": REPEATS[::-1], "repeat_images": range(IMAGES)[::-1]},
        {"responses": MEANS - 1000, "repeats": REPEATS - 1000},
    ],
)
def test_what_agrees_is_taken(fields):
    assert recording(**fields).repeats.shape == REPEATS.shape


SWAPPED = MEANS[[1, 0, *range(2, IMAGES)]]
SUBSET = {"repeats": REPEATS[:-1], "repeat_images": range(1, IMAGES)}


@pytest.mark.parametrize(
    "fields, reason",
    [
        (
            {"repeats": REPEATS[1:], "repeat_images": range(IMAGES - 1)},
            "those of the images 1 later: repeat_images should be 1 more",
        ),
        (SUBSET, "1 earlier: repeat_images should be 1 less, if it counts from 1"),
        (
            {"responses": SWAPPED},
            "the images are in another order: entry 0 of image 1, entry 1 of image 0",
        ),
        (
            {"responses": MEANS[:, [1, 0, 2, 3, 4]]},
            "neuron 0 of the repeats is 1 of the responses",
        ),
        (
            {"repeats": REPEATS.swapaxes(0, 1)},
            "their axes are in another order: trials, images, neurons",
        ),
        (
            {"responses": MEANS * [8, 4, 2, 1, 1]},
            r"another unit: 8, 4, 2 times the means \(neurons 0, 1, 2\)",
        ),
        (
            {"responses": (MEANS - MEANS.mean(axis=0)) / MEANS.std(axis=0)},
            r"another unit: [\d., ]+ times the means, and shifted",
        ),
        (
            {"responses": np.random.default_rng(2).random((IMAGES, NEURONS))},
            "no order of images or of neurons, and no other unit, makes them agree",
        ),
        (
            {"responses": np.where(np.arange(IMAGES) == 7, 9, MEANS.T).T},
            r"\(image 7, neuron \d: [\d.]+ and 9\), expected the same; no order",
        ),
    ],
)
def test_what_does_not_agree_is_refused_with_what_would(fields, reason):
    with pytest.raises(ValueError, match=r"repeats: found means .*" + reason):
        recording(**fields)


@pytest.mark.parametrize("seed", range(10))
def test_any_order_of_images_is_seen(seed):
    """Also where only some images are repeated, and some responses are missing."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(IMAGES)
    chosen = rng.permutation(IMAGES)[: rng.integers(3, IMAGES)]
    with pytest.raises(ValueError, match="the images are in another order"):
        recording(missing(MEANS, 0.05)[order], REPEATS[chosen], chosen)


def test_files_are_compared_too(tmp_path):
    whole = recording()
    whole.save(tmp_path / "whole.h5")
    assert open_recording(tmp_path / "whole.h5").repeats.shape == REPEATS.shape
    whole.responses = SWAPPED
    with pytest.raises(ValueError, match="another order"):
        whole.save(tmp_path / "swapped.h5")
    assert not (tmp_path / "swapped.h5").exists()
