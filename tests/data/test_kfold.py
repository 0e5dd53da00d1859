"""The protocol kfold: ten folds of groups, each tested once."""

import collections

import numpy as np
import pytest

from v1keras.data import Recording, split_by_protocol

PARTS = (180, 52, 38)
# The 270 images of Kindel et al. 2019: of each nine, four are of one photograph, four
# of the next, one of a third.
PHOTOGRAPH = np.array(
    [3 * (i // 9) + [0, 0, 0, 0, 1, 1, 1, 1, 2][i % 9] for i in range(270)]
)


def splits(groups=PHOTOGRAPH, images=270, parts=PARTS):
    pixels = np.arange(9.0 * images).reshape(images, 3, 3)  # no two are alike
    recording = Recording(pixels, np.arange(float(images))[:, None], image_group=groups)
    folds = []
    for fold in range(10):
        folds.append(split_by_protocol(recording, "kfold", fold, parts).split)
    return np.array(folds)


def test_every_image_is_tested_once_with_all_of_its_photograph():
    folds = splits()
    assert ((folds == 2).sum(axis=0) == 1).all()
    for split in folds:
        sides = collections.defaultdict(set)
        for photograph, side in zip(PHOTOGRAPH, split, strict=True):
            sides[photograph].add(int(side))
        assert all(len(side) == 1 for side in sides.values())
        tested = [photograph for photograph, side in sides.items() if side == {2}]
        # Six with four views and three with one.
        assert len(tested) == 9 and (split == 2).sum() == 27


def test_the_other_images_train_and_validate_in_proportion():
    goal = 243 * 180 / (180 + 38)
    for split in splits():
        assert abs((split == 0).sum() - goal) <= 2  # half of the largest photograph
        assert (split == 1).sum() == 243 - (split == 0).sum()


def test_images_without_groups_are_dealt_one_by_one():
    folds = splits(groups=None, images=53, parts=(2, 1, 1))
    assert ((folds == 2).sum(axis=0) == 1).all()
    assert sorted((folds == 2).sum(axis=1)) == [5] * 7 + [6] * 3


def test_folds_and_groups_that_do_not_fit():
    images = np.arange(90.0).reshape(10, 3, 3)
    few = Recording(images[:9], np.arange(9.0)[:, None])
    with pytest.raises(ValueError, match="fold: found 10, expected 0 to 9"):
        split_by_protocol(few, "kfold", 10, PARTS)
    with pytest.raises(ValueError, match="9 images or groups of images are too few"):
        split_by_protocol(few, "kfold", 0, PARTS)


def test_the_command_writes_a_fold(command, tmp_path):
    pixels = np.arange(360.0).reshape(40, 3, 3)
    Recording(pixels, np.arange(40.0)[:, None]).save(tmp_path / "in.h5")
    out = tmp_path / "out.h5"
    split = ("split", tmp_path / "in.h5", "--protocol=kfold", f"--out={out}")
    done = command("data", *split, "--seed=7")
    assert done.returncode == 0, done.stderr
    expected = split_by_protocol(
        Recording.load(tmp_path / "in.h5"), "kfold", 7, PARTS
    ).split
    assert Recording.load(out).split.tolist() == expected.tolist()
