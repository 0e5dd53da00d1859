"""What was measured in each presentation stays with that presentation."""

import numpy as np
import pytest

from v1keras import Recording
from v1keras.data.join_repeats import join_repeats
from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (9, 8, 8)).astype("uint8")
REPEATS = RNG.poisson(3, (9, 5, 4)).astype(float)  # images, trials, neurons
EYE = RNG.normal(size=(9, 5, 2))
LOST = RNG.random((9, 5)) < 0.2
REPEATS[LOST], EYE[LOST] = np.nan, np.nan
AXES = ("images", "trials", "neurons")


def read(folder, order, eye):
    """Read arrays whose axes are in another order, `(2, 0, 1)` of AXES."""
    np.save(folder / "images.npy", IMAGES)
    np.save(folder / "repeats.npy", REPEATS.transpose(order))
    np.save(folder / "eye.npy", eye)
    columns = {"repeat_covariates/eye": folder / "eye.npy"}
    layout = Layout(repeats_axes=",".join(AXES[axis] for axis in order))
    files = {"images": folder / "images.npy", "repeats": folder / "repeats.npy"}
    return arrays.read(**files, columns=columns, layout=layout)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_the_axes_of_covariates_are_those_of_the_repeats(tmp_path, order):
    recording = read(tmp_path, order, EYE.transpose(order))
    np.testing.assert_array_equal(recording.repeats, REPEATS)
    np.testing.assert_array_equal(recording.repeat_covariates["eye"], EYE)
    for image in range(9):
        known = ~LOST[image]
        mean = EYE[image][known].mean(axis=0) if known.any() else [np.nan] * 2
        np.testing.assert_allclose(recording.covariates["eye"][image], mean)


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0)])
def test_covariates_whose_axes_are_not_those_of_the_repeats_are_refused(
    tmp_path, order
):
    with pytest.raises(ValueError, match="repeat_covariates/eye: found .*, expected"):
        read(tmp_path, order, EYE)


@pytest.mark.parametrize("name", ["another order", "another unit"])
def test_covariates_of_images_and_of_repeats_are_compared(name):
    repeats, eye = RNG.poisson(3, (9, 5, 4)), RNG.normal(size=(9, 5))
    means = eye.mean(axis=1)[::-1] if name == "another order" else 2 * eye.mean(axis=1)
    with pytest.raises(ValueError, match="a mean other than covariates/eye"):
        Recording(
            *(IMAGES, repeats.mean(axis=1)),
            repeats=repeats,
            repeat_images=range(9),
            covariates={"eye": means},
            repeat_covariates={"eye": eye},
        )


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_single_trials_are_joined_in_any_order(seed):
    rng = np.random.default_rng(seed)
    image, trial = (axis.ravel() for axis in np.indices((9, 5)))
    order = rng.permutation(45)[: 45 - 5 * seed]  # images are shown unequally often
    image, trial = image[order], trial[order]
    known = ~LOST[image, trial]
    image, trial = image[known], trial[known]
    rows = Recording(
        IMAGES[image],
        REPEATS[image, trial],
        covariates={"eye": EYE[image, trial], "number": image},
    )
    joined = join_repeats(rows)
    for entry, place in enumerate(joined.repeat_images):
        number = joined.covariates["number"][place]
        np.testing.assert_array_equal(joined.images[place], IMAGES[number])
        eyes = joined.repeat_covariates["eye"][entry]
        responses = joined.repeats[entry]
        shown = np.isfinite(responses).all(axis=1)
        assert shown.sum() == np.sum(image == number)
        for eye, response in zip(eyes[shown], responses[shown], strict=True):
            same = np.isclose(EYE[number], eye, rtol=1e-6).all(axis=1)
            (found,) = np.flatnonzero(same)
            np.testing.assert_array_equal(response, REPEATS[number, found])
