"""Presentations one by one: rows of one image joined, or kept on one side."""

import numpy as np
import pytest

from v1keras import Recording
from v1keras.data import draw_split, redraw_validation, split_by_protocol
from v1keras.data.join_repeats import join_repeats
from v1keras.data.presentations import mean_rates, model_data
from v1keras.data.splits import groups_of

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 6, 6), dtype=np.uint8)
# 24 images shown four times each, 6 once, in random order.
SHOWN = RNG.permutation(np.append(np.repeat(np.arange(24), 4), np.arange(24, 30)))
COUNTS = RNG.poisson(3.0, (len(SHOWN), 5)).astype("float32")
EYE = RNG.normal(size=(len(SHOWN), 2)).astype("float32")


def trials(**options):
    """A recording whose rows are single trials."""
    options = {"covariates": {"eye": EYE, "picture": SHOWN}} | options
    return Recording(IMAGES[SHOWN], COUNTS, **options)


def test_rows_of_one_image_become_its_repeats():
    joined = join_repeats(trials())
    assert joined.images.shape == (30, 6, 6)
    for row, image in enumerate(joined.images):
        shown = [i for i in range(len(SHOWN)) if (IMAGES[SHOWN[i]] == image).all()]
        np.testing.assert_allclose(joined.responses[row], COUNTS[shown].mean(axis=0))
        eye = joined.covariates["eye"][row]
        np.testing.assert_allclose(eye, EYE[shown].mean(axis=0), atol=1e-6)
        assert joined.covariates["picture"][row] == SHOWN[shown[0]]
        if len(shown) > 1:
            place = joined.repeat_images.tolist().index(row)
            np.testing.assert_array_equal(joined.repeats[place], COUNTS[shown])
            eye = joined.repeat_covariates["eye"][place]
            np.testing.assert_array_equal(eye, EYE[shown])
    assert len(joined.repeat_images) == 24


def test_joined_twice_is_joined_once():
    """Repeats that are there already stay presentations, beside those of other rows."""
    halves = [np.arange(50), np.arange(50, len(SHOWN))]
    parts = [
        join_repeats(
            Recording(IMAGES[SHOWN[half]], COUNTS[half], covariates={"eye": EYE[half]})
        )
        for half in halves
    ]
    most = max(part.repeats.shape[1] for part in parts)

    def padded(array):
        width = [(0, 0), (0, most - array.shape[1]), (0, 0)]
        return np.pad(array, width, constant_values=np.nan)

    first = len(parts[0].images)
    both = Recording(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.responses for part in parts]),
        repeats=np.concatenate([padded(part.repeats) for part in parts]),
        repeat_images=np.append(parts[0].repeat_images, parts[1].repeat_images + first),
        covariates={"eye": np.concatenate([p.covariates["eye"] for p in parts])},
        repeat_covariates={
            "eye": np.concatenate([padded(p.repeat_covariates["eye"]) for p in parts])
        },
    )
    once, twice = join_repeats(trials()), join_repeats(both)
    order = [image.tobytes() for image in twice.images]
    rows = [order.index(image.tobytes()) for image in once.images]
    np.testing.assert_allclose(
        twice.responses[rows], once.responses, rtol=1e-6, atol=1e-6
    )
    for found, expected in (
        (twice.repeats, once.repeats),
        (twice.repeat_covariates["eye"], once.repeat_covariates["eye"]),
    ):
        sums = [np.nansum(values, axis=(0, 1)) for values in (found, expected)]
        np.testing.assert_allclose(*sums, rtol=1e-5)


@pytest.mark.parametrize("protocol", ["paper", "grouped"])
@pytest.mark.parametrize("seed", range(20))
def test_trials_of_one_image_are_drawn_to_one_side(protocol, seed):
    recording = trials()
    if protocol == "grouped":
        recording = trials(image_group=SHOWN)
    split = split_by_protocol(recording, protocol, seed, (6, 2, 2)).split
    sides = [set(split[image == SHOWN]) for image in range(30)]
    assert max(map(len, sides)) == 1 and set(split) == {0, 1, 2}
    redrawn = redraw_validation(split, seed, groups_of(recording, protocol))
    sides = [set(redrawn[image == SHOWN]) for image in range(30)]
    assert max(map(len, sides)) == 1


def test_images_that_differ_are_drawn_as_ever():
    recording = Recording(IMAGES, np.zeros((30, 2)) + np.arange(30)[:, None])
    drawn = split_by_protocol(recording, "paper", 3, (6, 2, 2)).split
    np.testing.assert_array_equal(drawn, draw_split(30, 3, (6, 2, 2)))


def test_a_split_that_tears_an_image_is_refused():
    split = np.zeros(len(SHOWN), int)
    split[np.flatnonzero(SHOWN == 3)[1]] = 2
    with pytest.raises(ValueError, match="split: found 2 at image .* and 0 at image"):
        join_repeats(trials(split=split))
    with pytest.raises(ValueError, match="30 different ones.* nothing to join"):
        join_repeats(Recording(IMAGES, np.arange(30.0)[:, None]))


def test_a_model_of_eye_position_sees_each_presentation():
    joined = join_repeats(trials())
    joined.repeat_covariates["eye"][2, 1, 0] = np.nan  # a blink
    joined.repeats[5, 3] = np.nan
    joined.repeats[6, 0, 1] = np.nan  # one neuron alone
    chosen = np.arange(30)[::-1]
    inputs, responses, places = model_data(joined, chosen, {"eye": 2})
    expected = []
    for place, image in enumerate(chosen):
        entries = np.flatnonzero(joined.repeat_images == image)
        if not entries.size:
            expected.append((place, joined.covariates["eye"][image]))
            continue
        for slot in range(4):
            eye = joined.repeat_covariates["eye"][entries[0], slot]
            counts = joined.repeats[entries[0], slot]
            if np.isfinite(eye).all() and np.isfinite(counts).any():
                expected.append((place, eye))
    found = zip(places, np.asarray(inputs["eye"]), strict=True)

    def ordered(rows):
        return sorted((int(place), *map(float, np.float32(eye))) for place, eye in rows)

    assert ordered(found) == ordered(expected)
    assert len(places) == 24 * 4 + 6 - 2
    pictures = np.asarray(inputs["images"])[..., 0]
    np.testing.assert_array_equal(pictures, joined.images[chosen[places]])
    rates = mean_rates(np.asarray(responses), responses, places, 30)
    means = joined.responses[chosen].copy()
    blinked, lost, alone = 29 - joined.repeat_images[[2, 5, 6]]
    for place, keep in ((blinked, [0, 2, 3]), (lost, [0, 1, 2])):
        entry = 2 if place == blinked else 5
        means[place] = joined.repeats[entry, keep].mean(axis=0)
    means[alone, 1] = joined.repeats[6, 1:, 1].mean()
    np.testing.assert_allclose(rates, means, rtol=1e-5)


def test_a_model_without_it_sees_means():
    joined = join_repeats(trials())
    _, responses, places = model_data(joined, np.arange(30), {"picture": 1})
    assert places.tolist() == list(range(30))
    np.testing.assert_array_equal(responses, joined.responses)


def test_covariates_of_repeats_are_kept_in_the_file(tmp_path):
    joined = join_repeats(trials())
    joined.save(tmp_path / "a.h5")
    found = Recording.load(tmp_path / "a.h5")
    np.testing.assert_array_equal(
        found.repeat_covariates["eye"], joined.repeat_covariates["eye"]
    )
    inputs, responses = found.with_split(np.zeros(30)).arrays("train", ["eye"])
    assert len(inputs["eye"]) == len(responses) == len(SHOWN)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((24, 3, 2)), r"repeat_covariates/eye: found \(24, 3, 2\), expected"),
        (np.zeros((24, 4)), r"found \(24, 4\)|found \(30, 2\)"),
        (np.ones((24, 4, 2)), "a mean other than covariates/eye at 48 values"),
        (np.full((24, 4), "a"), "expected numbers"),
    ],
)
def test_covariates_of_repeats_that_do_not_fit_are_refused(values, message):
    joined = join_repeats(trials())
    with pytest.raises(ValueError, match=message):
        Recording(
            joined.images,
            joined.responses,
            repeats=joined.repeats,
            repeat_images=joined.repeat_images,
            covariates={"eye": joined.covariates["eye"]},
            repeat_covariates={"eye": values},
        )


def test_commands_join_what_arrays_converted(tmp_path, command):
    np.save(tmp_path / "images.npy", IMAGES[SHOWN])
    np.save(tmp_path / "counts.npy", COUNTS)
    np.save(tmp_path / "eye.npy", EYE)
    told = command(
        "data",
        "convert",
        "arrays",
        "--images=images.npy",
        "--responses=counts.npy",
        "--column=covariates/eye=eye.npy",
        "--out=trials.h5",
        cwd=tmp_path,
    )
    assert "72 rows show the image of an earlier row" in told.stdout, told.stderr
    told = command("data", "join", "trials.h5", "--out=joined.h5", cwd=tmp_path)
    assert "30 images, 5 neurons" in told.stdout, told.stderr
    joined = Recording.load(tmp_path / "joined.h5")
    assert joined.repeat_covariates["eye"].shape == (24, 4, 2)
