"""Simulated recordings: their layout, noise and rates."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from v1keras.data import simulate_recording
from v1keras.data.simulation import rate_of

TRAIN, TESTED, SIZE = 600, 50, 12


@pytest.fixture(scope="module")
def recording():
    return simulate_recording(
        TRAIN, TESTED, neurons_per_kind=3, image_size=SIZE, repeats=20, seed=3
    )


@pytest.fixture(scope="module")
def contrast(recording):
    return (recording.images - 127.0) / 45.0


def test_seed_decides_everything():
    first, again, other = (
        simulate_recording(30, 5, 1, 16, repeats=4, seed=seed) for seed in (1, 1, 2)
    )
    for name in ("images", "responses", "split", "repeats", "repeat_images"):
        assert_array_equal(getattr(first, name), getattr(again, name))
    for name, column in first.neurons.items():
        assert_array_equal(column, again.neurons[name])
    assert first.attributes == again.attributes
    assert (first.images != other.images).mean() > 0.9
    assert (first.responses != other.responses).any() and (
        first.neurons["filter"] != other.neurons["filter"]
    ).any()


def test_layout(recording):
    kinds = ["simple"] * 3 + ["complex"] * 3 + ["center_surround"] * 3 + ["texture"] * 3
    assert recording.neurons["kind"].tolist() == kinds
    assert (
        recording.images.shape == (TRAIN + TESTED, SIZE, SIZE)
        and recording.images.dtype == np.uint8
    )
    assert np.bincount(recording.split).tolist() == [
        TRAIN * 9 // 10,
        TRAIN // 10,
        TESTED,
    ]
    assert (
        recording.indices("test").tolist()
        == recording.repeat_images.tolist()
        == list(range(TRAIN, TRAIN + TESTED))
    )
    assert recording.repeats.shape == (TESTED, 20, 12)


def test_responses_are_counts_and_means_of_repeats(recording):
    single = recording.responses[:TRAIN]
    assert (single >= 0).all() and (single == np.round(single)).all()
    assert (recording.repeats >= 0).all() and (
        recording.repeats == np.round(recording.repeats)
    ).all()
    assert_allclose(
        recording.responses[TRAIN:], recording.repeats.sum(axis=1) / 20, rtol=1e-6
    )


def test_counts_are_poisson_around_the_true_rate(recording):
    """Sums over images against their expectation; the Poisson distribution itself gives
    their standard deviation.
    """
    rate = recording.neurons["true_rate"].T.astype(float)
    assert (
        (rate[TRAIN:].mean(axis=0) > 0.99) & (rate[TRAIN:].mean(axis=0) < 5.01)
    ).all()
    counts = recording.responses[:TRAIN].astype(float)
    shown = rate[:TRAIN]
    assert (np.abs((counts - shown).sum(axis=0)) < 5 * np.sqrt(shown.sum(axis=0))).all()
    # (y - m)^2 has mean m and variance m + 2 m^2
    excess = (np.square(counts - shown) - shown).sum(axis=0)
    assert (np.abs(excess) < 5 * np.sqrt((shown + 2 * shown**2).sum(axis=0))).all()
    # The same for the variance over 20 repeats, whose own variance is (mu4 - m^2 (N -
    # 3) / (N - 1)) / N with mu4 = m + 3 m^2
    shown, n = rate[TRAIN:], 20
    excess = (recording.repeats.astype(float).var(axis=1, ddof=1) - shown).sum(axis=0)
    spread = (shown + 3 * shown**2 - shown**2 * (n - 3) / (n - 1)) / n
    assert (np.abs(excess) < 5 * np.sqrt(spread.sum(axis=0))).all()


def test_filters_are_normed_and_blind_to_mean_luminance(recording):
    filters = recording.neurons["filter"].astype(float)
    assert filters.shape == (12, SIZE, SIZE)
    assert_allclose(np.linalg.norm(filters, axis=(1, 2)), 1, atol=1e-6)
    assert_allclose(filters.sum(axis=(1, 2)), 0, atol=1e-6)


@pytest.mark.parametrize("neuron", [0, 1, 2, 6, 7, 8])
def test_rate_follows_from_the_stored_filter(recording, contrast, neuron):
    """drive / rate = (0.5 + pool . contrast^2) / scale: linear in the squared pixels,
    whatever pool and scale are.
    """
    rate = recording.neurons["true_rate"][neuron].astype(float)
    kernel = recording.neurons["filter"][neuron].astype(float)
    drive = np.array(
        [max(0.0, sum(image.ravel() * kernel.ravel())) ** 2 for image in contrast]
    )
    assert_allclose(rate[drive == 0], 0, atol=1e-9)
    driven = drive > 1e-3
    assert driven.sum() > SIZE**2 + 50  # more equations than unknowns
    squares = np.column_stack(
        [np.ones(driven.sum()), contrast[driven].reshape(driven.sum(), -1) ** 2]
    )
    solution = np.linalg.lstsq(squares, drive[driven] / rate[driven], rcond=None)[0]
    assert_allclose(squares @ solution, drive[driven] / rate[driven], rtol=1e-3)
    assert solution[0] / solution[1:].sum() == pytest.approx(0.5, rel=0.02)
    assert (solution[1:] > -1e-3 * solution[1:].max()).all()


@pytest.mark.parametrize(
    "kind, count",
    [("simple", 1), ("center_surround", 1), ("complex", 2), ("texture", 2)],
)
def test_rate_of_is_the_documented_formula(kind, count):
    rng = np.random.default_rng(0)
    size, high, wide = (
        7,
        3,
        4,
    )  # a texture cell's filters are not 0 in so many rows and columns
    images, filters, pool = (
        rng.normal(size=(3, size, size)),
        rng.normal(size=(count, size, size)),
        rng.random((size, size)),
    )
    pool /= pool.sum()
    if kind == "texture":
        outside = np.ones((size, size), bool)
        outside[2 : 2 + high, 1 : 1 + wide] = False
        filters[:, outside] = 0
        filters[:, 2, 1] = 0  # a corner within, as of a disc
    places = [(y, x) for y in range(size) for x in range(size)]
    shifts = [
        (down, right)
        for down in range(-2, size - high - 1)
        for right in range(-1, size - wide)
    ]
    assert len(shifts) == (size - high + 1) * (size - wide + 1)

    def output(image, kernel, down=0, right=0):
        return sum(
            image[y + down, x + right] * kernel[y, x] for y, x in places if kernel[y, x]
        )

    for image, rate in zip(
        images,
        rate_of({"kind": kind, "filters": filters, "pool": pool}, images),
        strict=True,
    ):
        if kind == "texture":
            drive = sum(
                output(image, f, *shift) ** 2 for f in filters for shift in shifts
            ) / len(shifts)
        elif kind == "complex":
            drive = output(image, filters[0]) ** 2 + output(image, filters[1]) ** 2
        else:
            drive = max(0, output(image, filters[0])) ** 2
        assert rate == pytest.approx(
            drive / (0.5 + sum(pool[place] * image[place] ** 2 for place in places)),
            rel=1e-12,
        )


def test_only_texture_cells_ignore_where_things_are(recording, contrast):
    """A patch of each image on grey, moved but never nearer to an edge than a texture
    cell's filter is wide.
    """
    flat = np.full((SIZE, SIZE), 1 / SIZE**2)
    before, after = np.zeros_like(contrast), np.zeros_like(contrast)
    # The filter's pixels lie within 2 * 0.1 * 12 of its centre: 5 a side, 4 beside each
    # pixel that is seen.
    before[:, 4:6, 4:6] = after[:, 6:8, 6:8] = contrast[:, 2:4, 2:4]
    for neuron, kind in enumerate(recording.neurons["kind"]):
        cell = {
            "kind": kind,
            "filters": [recording.neurons["filter"][neuron].astype(float)],
            "pool": flat,
        }
        rates = rate_of(cell, before), rate_of(cell, after)
        if kind == "texture":
            assert rates[0].std() > 0
            assert_allclose(*rates, rtol=1e-9)
        else:
            assert np.abs(rates[0] - rates[1]).mean() > 0.1 * rates[0].mean()


@pytest.mark.parametrize(
    "change",
    [
        {"train_images": 0},
        {"test_images": 0},
        {"neurons_per_kind": 0},
        {"repeats": 1},
        {"image_size": 11},
    ],
)
def test_simulation_of_nothing(change):
    least = {
        "train_images": 20,
        "test_images": 5,
        "neurons_per_kind": 1,
        "image_size": 12,
        "repeats": 2,
    }
    with pytest.raises(ValueError, match="expected at least 1, 1, 12, 1 and 2"):
        simulate_recording(**least | change)


def test_neuron_that_no_test_image_drives():
    """Half-rectification silences a cell where images are few: its rate has no mean to
    be scaled to.
    """
    with pytest.raises(ValueError, match="test images"):
        simulate_recording(2, 1, neurons_per_kind=20, image_size=12, repeats=2)


def test_more_training_images_change_nothing_else():
    few, many = (
        simulate_recording(30, 10, 1, 16, repeats=4),
        simulate_recording(50, 10, 1, 16, repeats=4),
    )
    assert_array_equal(few.images[:30], many.images[:30])
    assert_array_equal(few.images[30:], many.images[50:])
    assert_array_equal(few.neurons["filter"], many.neurons["filter"])
    assert_array_equal(
        few.neurons["true_rate"][:, 30:], many.neurons["true_rate"][:, 50:]
    )
