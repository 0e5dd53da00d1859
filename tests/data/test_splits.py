import numpy as np
import pytest

from v1keras.data import Recording, draw_split, redraw_validation, split_by_protocol

PARTS = (180, 52, 38)
TRAIN, VALIDATION, TEST = 0, 1, 2
# The 270 images of Kindel et al. 2019: of each nine, four are of one photograph, four
# of the next, one of a third.
PHOTOGRAPH = np.array(
    [3 * (i // 9) + [0, 0, 0, 0, 1, 1, 1, 1, 2][i % 9] for i in range(270)]
)


def recording(**fields):
    images = np.arange(2430.0).reshape(270, 3, 3)  # no two are alike
    return Recording(images, np.arange(270.0)[:, None], **fields)


@pytest.mark.parametrize("seed", range(7))
def test_paper_protocol_is_the_papers(seed):
    order = np.random.RandomState(seed).permutation(270)
    expected = np.empty(270, int)
    expected[order[:180]], expected[order[180:232]], expected[order[232:]] = (
        TRAIN,
        TEST,
        VALIDATION,
    )
    found = split_by_protocol(recording(image_group=PHOTOGRAPH), "paper", seed, PARTS)
    assert found.split.tolist() == expected.tolist()


@pytest.mark.parametrize("seed", range(7))
def test_grouped_protocol_keeps_photographs_whole(seed):
    split = split_by_protocol(
        recording(image_group=PHOTOGRAPH), "grouped", seed, PARTS
    ).split
    for photograph in range(90):
        assert len(set(split[PHOTOGRAPH == photograph])) == 1
    # A photograph has at most four images, so a cut lies at most two from its goal, and
    # a part, between two cuts, four.
    train, test, validation = (
        int((split == side).sum()) for side in (TRAIN, TEST, VALIDATION)
    )
    assert abs(train - 180) <= 2 and abs(test - 52) <= 4 and abs(validation - 38) <= 2
    assert train + test + validation == 270


def test_grouped_protocol_goes_by_the_order_of_groups():
    split = draw_split(270, 3, PARTS, PHOTOGRAPH)
    order = np.random.RandomState(3).permutation(90)
    sides = [split[PHOTOGRAPH == photograph][0] for photograph in order]
    changes = [side for i, side in enumerate(sides) if i == 0 or side != sides[i - 1]]
    assert changes == [TRAIN, TEST, VALIDATION]


def test_group_labels_may_be_any_integers():
    np.testing.assert_array_equal(
        draw_split(270, 0, PARTS, PHOTOGRAPH),
        draw_split(270, 0, PARTS, 1000 - 7 * (90 - PHOTOGRAPH)),
    )


def test_seeds_differ_and_parts_are_proportions():
    assert (draw_split(270, 0, PARTS) != draw_split(270, 1, PARTS)).any()
    np.testing.assert_array_equal(
        draw_split(270, 0, PARTS), draw_split(270, 0, np.array(PARTS) / 270)
    )
    assert np.bincount(draw_split(1000, 0, (8, 1, 1))).tolist() == [800, 100, 100]


def test_file_protocol_keeps_the_split():
    split = np.arange(270) % 4 - 1
    assert (
        split_by_protocol(recording(split=split), "file", 0, PARTS).split.tolist()
        == split.tolist()
    )


def test_protocol_leaves_the_given_recording_alone():
    given = recording()
    split_by_protocol(given, "paper", 0, PARTS)
    assert set(given.split) == {-1}


@pytest.mark.parametrize("groups", [None, PHOTOGRAPH])
def test_validation_drawn_anew_keeps_the_test_images(groups):
    split = draw_split(270, 0, PARTS, groups)
    drawn = [redraw_validation(split, seed, groups) for seed in range(5)]
    for found in drawn:
        assert ((found == TEST) == (split == TEST)).all()
        # At most two images off: half of the largest photograph.
        assert abs(int((found == TRAIN).sum()) - int((split == TRAIN).sum())) <= (
            0 if groups is None else 2
        )
        if groups is not None:
            assert all(
                len(set(found[groups == photograph])) == 1 for photograph in range(90)
            )
    assert len({found.tobytes() for found in drawn}) == 5
    np.testing.assert_array_equal(redraw_validation(split, 3, groups), drawn[3])


def test_validation_drawn_anew_leaves_the_unassigned():
    assert redraw_validation([-1, 0, 1, 2, 0, -1], 0)[[0, 3, 5]].tolist() == [-1, 2, -1]


@pytest.mark.parametrize("parts", [(180, 52), (180, 52, 0), (-1, 1, 1), (1, 1, 1, 1)])
def test_parts_that_do_not_fit(parts):
    with pytest.raises(
        ValueError, match="expected three numbers above 0: train, test, validation"
    ):
        draw_split(270, 0, parts)


def test_too_few_images():
    with pytest.raises(
        ValueError,
        match=(
            r"2 images or groups of images are too few for the parts \[180.0, 52.0,"
            r" 38.0\]"
        ),
    ):
        draw_split(2, 0, PARTS)
    with pytest.raises(ValueError, match="2 images or groups of images are too few"):
        draw_split(270, 0, PARTS, np.arange(270) % 2)
    with pytest.raises(ValueError, match="4 images or groups of images are too few"):
        draw_split(4, 0, (1000, 1, 1))


def test_protocol_that_does_not_fit():
    with pytest.raises(
        ValueError,
        match="protocol: found 'group', expected one of file, paper, grouped, kfold",
    ):
        split_by_protocol(recording(), "group", 0, PARTS)
    with pytest.raises(
        ValueError, match="protocol 'grouped' needs the dataset image_group"
    ):
        split_by_protocol(recording(), "grouped", 0, PARTS)
