import os

import numpy as np
import pytest
from scipy import ndimage

from v1keras.data import Recording, open_recording, split_by_protocol
from v1keras.data.dead_leaves import dead_leaves
from v1keras.data.duplicates import find_duplicate_images, find_duplicate_neurons
from v1keras.data.quality import quality_issues

# Larger than compared, so that a turned photograph can be cut out of it
PHOTOGRAPHS = dead_leaves(40, 96, np.random.default_rng(0))


def turned(photograph, degrees, size=48):
    edge = (96 - size) // 2
    return ndimage.rotate(
        photograph.astype(float), degrees, reshape=False, order=1, mode="reflect"
    )[edge : edge + size, edge : edge + size]


def stack(pairs):
    """The given copies, behind one view of each photograph."""
    views = [turned(photograph, 0) for photograph in PHOTOGRAPHS] + [
        turned(PHOTOGRAPHS[i], degrees) for i, degrees in pairs
    ]
    return np.round(views).astype(np.uint8)


def test_copies_are_found_and_nothing_else():
    copies = [
        (3, 0),
        (7, 45),
        (12, 90),
        (20, 135),
        (21, 180),
        (30, 225),
        (31, 270),
        (39, 315),
    ]
    pairs, degrees, compared = find_duplicate_images(stack(copies))
    assert pairs.tolist() == [[i, 40 + place] for place, (i, _) in enumerate(copies)]
    assert degrees.tolist() == [angle for _, angle in copies]
    assert compared == 48


def test_moved_and_noisy_copies_are_found():
    images = stack([(5, 90)]).astype(float)
    images[40] = np.roll(images[40], 1, axis=1) + np.random.default_rng(1).normal(
        0, 5, images[40].shape
    )
    assert find_duplicate_images(images)[0].tolist() == [[5, 40]]


def test_only_some_are_compared():
    pairs, _, compared = find_duplicate_images(stack([(3, 0), (7, 90)]), compared=[41])
    assert pairs.tolist() == [[7, 41]] and compared == 1


def test_plain_images_are_no_copies():
    pairs, _, _ = find_duplicate_images(np.full((5, 20, 20), 127, np.uint8))
    assert not len(pairs)


def test_images_too_small_to_compare():
    text = issues(recording(np.zeros((30, 1, 40), np.uint8)))
    assert (
        text == "only 0 of 30 images were compared with the others, which are too small"
    )


@pytest.mark.parametrize("shape", [(12, 12), (33, 33), (36, 64), (144, 256), (50, 30)])
def test_images_of_any_size(shape):
    images = np.random.default_rng(2).integers(0, 256, (6, *shape), dtype=np.uint8)
    images[5] = images[2]
    assert find_duplicate_images(images)[0].tolist() == [[2, 5]]


def test_duplicate_neurons():
    rng = np.random.default_rng(3)
    responses = rng.poisson(2.0, (200, 6)).astype(float)
    responses[:, 4] = responses[:, 1]
    responses[rng.random((200, 6)) < 0.2] = np.nan  # not the same presentations missing
    responses[:, 4] = np.where(np.isnan(responses[:, 4]), np.nan, responses[:, 4])
    responses[:, 0] = 3
    responses[:, 2] = np.nan
    both = np.isfinite(responses[:, [1, 4]]).all(axis=1)
    responses[~both, 1] = responses[~both, 4] = np.nan
    assert find_duplicate_neurons(responses).tolist() == [[1, 4]]


def recording(images, **fields):
    return Recording(
        images, np.random.default_rng(4).poisson(3.0, (len(images), 3)), **fields
    )


def issues(recording):
    """The issues of a recording as text."""
    return "\n".join(quality_issues(recording))


def test_nothing_is_told_of_a_sound_recording():
    split = np.repeat([0, 1, 2], [40, 30, 30])
    images = np.random.default_rng(5).integers(0, 256, (100, 16, 16), dtype=np.uint8)
    assert quality_issues(recording(images, split=split)) == []


def test_copies_on_two_sides_are_issues():
    split = np.zeros(42, int)
    split[:28], split[40] = 1, 2
    text = issues(recording(stack([(3, 90), (30, 0)]), split=split))
    assert (
        "1 pair of images stands on two sides, the same or turned: 3 (validation) and"
        " 40 (test)" in text
    )
    assert (
        "30" not in text.split("turned: ")[1].splitlines()[0]
    )  # 30 and 41 are both for training
    assert (
        "1 test image: the correlation of a neuron has a standard error of about 1.00"
        " there" in text
    )


def test_copies_in_an_undivided_recording_are_issues():
    text = issues(recording(stack([(3, 90)])))
    assert text.startswith(
        "2 of 41 images are copies of others, 1 of 1 pairs turned, such as 3 and 40 (90"
        " degrees): no image_group"
    )
    groups = np.arange(41)
    assert "1 pair of copies in different groups of images, such as [3, 40]" in issues(
        recording(stack([(3, 90)]), image_group=groups)
    )
    groups[40] = 3
    assert issues(recording(stack([(3, 90)]), image_group=groups)).endswith(
        "split by groups (protocol grouped)"
    )


def test_torn_groups_and_missing_sides_are_issues():
    images = np.random.default_rng(6).integers(0, 256, (60, 16, 16), dtype=np.uint8)
    split = np.repeat([0, 2], [31, 29])
    text = issues(recording(images, split=split, image_group=np.arange(60) // 2))
    assert text.splitlines() == [
        "1 group of images on more than one side of the split",
        "no validation images, though others are marked",
    ]
    repeats = np.random.default_rng(7).poisson(3.0, (5, 4, 3))
    responses = np.ones((60, 3))
    responses[55:] = repeats.mean(axis=1)
    repeated = Recording(
        images,
        responses,
        split=split,
        repeats=repeats,
        repeat_images=np.arange(55, 60),
    )
    assert "24 of 29 test images have no repeats" in issues(repeated)


@pytest.mark.skipif(
    "V1KERAS_DATA" not in os.environ,
    reason="V1KERAS_DATA is not set: no recordings here",
)
def test_rotated_copies_of_kindel2019():
    """Images 0 to 3 and 4 to 7 of each nine are one photograph each, turned; 1 follows
    0 by an odd multiple of 45 degrees, 2 by 90 or 270.
    """
    recording = open_recording("kindel2019")
    pairs, degrees, _ = find_duplicate_images(recording.images)
    group = recording.image_group
    assert (group[pairs[:, 0]] == group[pairs[:, 1]]).all()  # none that is no copy
    apart = pairs[:, 1] - pairs[:, 0]
    assert (degrees[apart == 2] % 180 == 90).all()
    assert (degrees[apart % 2 == 1] % 90 == 45).all()
    assert (apart == 2).sum() == 120  # every pair that is turned by 90 degrees
    assert len(pairs) >= 340  # of 360
    assert set(pairs.ravel()) == {i for i in range(270) if i % 9 != 8}
    text = issues(recording)
    assert text.startswith("240 of 270 images are copies of others")
    assert text.endswith("split by groups (protocol grouped)")
    assert "stand on two sides" in issues(
        split_by_protocol(recording, "paper", 0, (180, 52, 38))
    )
    assert "stand on two sides" not in issues(
        split_by_protocol(recording, "grouped", 0, (180, 52, 38))
    )
