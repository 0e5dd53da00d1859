import numpy as np
import pytest
import tensorflow as tf

from v1keras.inversion import (
    ContrastConstraint,
    GradientAscent,
    diverse_set,
    mean_rate,
    population_rate,
    rate,
    reconstruct,
    response_distance,
    set_distance,
    shortfall,
    total_variation,
)
from v1keras.inversion.objectives import ObjectiveInputs

SIZE = 12
CONTRAST = ContrastConstraint(grey=100.0, norm=50.0, low=0.0, high=255.0)


def ascent_on(rates, objective=None):
    return GradientAscent(rates, CONTRAST, objective, image_size=(SIZE, SIZE))


def gabors(angles, phases, cycles=0.2):
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    envelope = np.exp(-(rows**2 + columns**2) / (2 * 2.5**2))
    found = [
        envelope
        * np.cos(2 * np.pi * cycles * (columns * np.cos(a) + rows * np.sin(a)) + p)
        for a, p in zip(angles, phases, strict=True)
    ]
    return np.stack([f / np.linalg.norm(f) for f in found]).astype("float32")


def drives(images, filters):
    return (
        (tf.reshape(images, (tf.shape(images)[0], -1)) - CONTRAST.grey)
        @ filters.reshape(len(filters), -1).T
        / 20
    )


@pytest.fixture
def inputs():
    rng = np.random.default_rng(0)
    pattern = tf.constant(rng.normal(size=(6, 5, 7, 1)), tf.float32)
    rates = rng.uniform(0.5, 3, (6, 4)).astype("float32")
    own = lambda images, neurons: tf.gather(rates, neurons, axis=1, batch_dims=1)
    return ObjectiveInputs(
        pattern,
        pattern + 100,
        np.array([0, 1, 2, 3, 0, 1]),
        np.array([5, 4, 3, 2, 1, 0]),
        lambda images: tf.constant(rates),
        own,
    )


def test_objectives_are_their_formulas(inputs):
    rates, pattern = inputs.all_rates.numpy(), inputs.pattern.numpy()[..., 0]
    own = rates[range(6), inputs.neurons]
    target = np.random.default_rng(1).uniform(0, 3, (6, 4))
    best = np.arange(1.0, 7.0)
    variation = [
        sum(abs(p[i + 1, j] - p[i, j]) for i in range(4) for j in range(7))
        + sum(abs(p[i, j + 1] - p[i, j]) for i in range(5) for j in range(6))
        for p in pattern
    ]
    flat = pattern.reshape(6, -1)
    cosine = lambda a, b: (
        flat[a] @ flat[b] / np.linalg.norm(flat[a]) / np.linalg.norm(flat[b])
    )
    apart = [
        np.mean([1 - cosine(i, j) for j in range(6) if j != i and j // 3 == i // 3])
        for i in range(6)
    ]
    by_row = target[inputs.rows]
    expected = {
        "own": (rate(), own),
        "minus": (-rate(), -own),
        "several": (mean_rate(2, 0), rates[:, [2, 0]].mean(axis=1)),
        "sum": (
            1 + 2 * rate() - 0.5 * population_rate() * rate(),
            1 + 2 * own - 0.5 * rates.mean(axis=1) * own,
        ),
        "ratio": (
            rate().log() - population_rate().log(),
            np.log(own / rates.mean(axis=1)),
        ),
        "one response": (
            response_distance(target[0]),
            np.mean((rates - target[0]) ** 2, axis=1) / np.var(target[0]),
        ),
        "a response each": (
            response_distance(target),
            np.mean((rates - by_row) ** 2, axis=1) / np.var(by_row, axis=1),
        ),
        "variation": (total_variation(), variation),
        "distance": (set_distance(3), apart),
        "shortfall": (
            shortfall(best, 0.5),
            np.maximum(0.5 * best[inputs.rows] - own, 0) / (0.5 * best[inputs.rows]),
        ),
    }
    for name, (objective, value) in expected.items():
        np.testing.assert_allclose(objective(inputs), value, rtol=1e-4, err_msg=name)


def test_objectives_say_what_they_are():
    objective = rate() - 0.5 * mean_rate(3, 4) + 2
    assert repr(objective) == "((rate of the neuron - 0.5 * mean rate of 3, 4) + 2)"
    assert repr(-rate().log()) == "-log(rate of the neuron)"
    assert (rate() + 0.1 * set_distance(4)).set_size == 4


def test_the_most_inhibiting_stimulus_is_the_filter_turned_over():
    filters = gabors([0, 1.0, 2.0], [0, 1, 2])
    rates = lambda images: tf.nn.softplus(drives(images, filters))
    found = ascent_on(rates, -rate()).run(range(3))
    patterns = (found.stimuli - CONTRAST.grey).reshape(3, -1)
    assert (
        (patterns * filters.reshape(3, -1)).sum(axis=1) / CONTRAST.norm
    ).max() <= -0.999
    np.testing.assert_allclose(found.values, -found.rates)


def test_several_neurons_want_the_sum_of_their_filters():
    filters = gabors([0, 1.0], [0, 1])
    rates = lambda images: 10 + drives(images, filters)
    found = ascent_on(rates, mean_rate(0, 1)).run([0])
    together = filters.sum(axis=0)
    assert (
        found.stimuli[0] - CONTRAST.grey
    ).ravel() @ together.ravel() >= 0.999 * CONTRAST.norm * np.linalg.norm(together)


def test_against_the_population_what_neurons_share_goes():
    """Two linear neurons: own minus the mean of both is half the difference of their
    filters.
    """
    filters = gabors([0, 0.3], [0, 0])
    rates = lambda images: 10 + drives(images, filters)
    found = ascent_on(rates, rate() - population_rate()).run([0])
    difference = filters[0] - filters[1]
    assert (
        found.stimuli[0] - CONTRAST.grey
    ).ravel() @ difference.ravel() >= 0.999 * CONTRAST.norm * np.linalg.norm(difference)


@pytest.mark.slow
def test_total_variation_makes_a_noisy_filters_stimulus_smoother():
    filters = gabors([0.5], [0]) + np.random.default_rng(0).normal(
        0, 0.05, (1, SIZE, SIZE)
    ).astype("float32")
    rates = lambda images: tf.nn.softplus(drives(images, filters))
    variation = lambda image: (
        np.abs(np.diff(image, axis=0)).sum() + np.abs(np.diff(image, axis=1)).sum()
    )
    plain = ascent_on(rates).run([0])
    smooth = ascent_on(rates, rate() - 1e-3 * total_variation()).run([0])
    assert variation(smooth.stimuli[0]) < 0.8 * variation(plain.stimuli[0])
    assert 0.8 * plain.rates[0] < smooth.rates[0] < plain.rates[0]


@pytest.mark.slow
def test_a_complex_cells_set_has_all_phases_and_a_simple_cells_one():
    """The phase of each stimulus in the plane of the two filters of the quadrature
    pair, against the circle.
    """
    pair = gabors([0.7, 0.7], [0, np.pi / 2])

    def rates(images):
        even, odd = tf.unstack(drives(images, pair), axis=1)
        return tf.stack(
            [tf.square(even) + tf.square(odd), tf.square(tf.nn.relu(even + 0.1))],
            axis=1,
        )

    ascent = ascent_on(rates)
    stimuli, reached = diverse_set(ascent, [0, 1], size=6)
    patterns = (stimuli - CONTRAST.grey).reshape(2, 6, -1)
    even, odd = np.moveaxis(patterns @ pair.reshape(2, -1).T, -1, 0)
    resultant = np.abs(np.exp(1j * np.arctan2(odd, even)).mean(axis=1))
    assert resultant[0] < 0.2 and resultant[1] > 0.8
    best = ascent.run([0, 1], restarts=6).rates
    assert (reached >= 0.85 * best[:, None] * (1 - 1e-4)).all()
    np.testing.assert_allclose(
        reached,
        np.stack([rates(stimuli[i][..., None])[:, i] for i in range(2)]),
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        np.linalg.norm(patterns, axis=2), CONTRAST.norm, rtol=1e-3
    )


def test_metamers_share_the_response_and_not_the_image():
    """Linear neurons see a subspace: metamers agree there, and what is left of the norm
    is anything.
    """
    filters = (
        np.linalg.qr(np.random.default_rng(0).normal(size=(SIZE**2, 20)))[0]
        .T.reshape(20, SIZE, SIZE)
        .astype("float32")
    )
    rates = lambda images: tf.nn.softplus(drives(images, filters))
    pattern = CONTRAST.project(
        np.random.default_rng(1).normal(size=(3, SIZE, SIZE, 1))
    ).numpy()
    responses = rates(CONTRAST.grey + pattern).numpy()
    images, distances = reconstruct(ascent_on(rates), responses)
    assert images.shape == (3, 2, SIZE, SIZE) and distances.max() < 0.01
    seen = lambda x: x.reshape(-1, SIZE**2) @ filters.reshape(20, -1).T
    one, other = seen(images[:, 0] - CONTRAST.grey), seen(images[:, 1] - CONTRAST.grey)
    true = seen(pattern)
    assert (
        np.abs(one - true).max() < 0.2 * np.abs(true).max()
        and np.abs(other - true).max() < 0.2 * np.abs(true).max()
    )
    whole = [
        np.corrcoef(a.ravel(), b.ravel())[0, 1]
        for a, b in zip(images[:, 0], images[:, 1], strict=True)
    ]
    assert max(whole) < 0.5
