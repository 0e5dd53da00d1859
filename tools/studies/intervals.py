"""How often 95 % intervals of means hold the truth, in simulated populations.

    .venv/bin/python -m tools.studies.intervals

It prints the table of docs/metrics.md. In every draw, neurons, images, responses and
(in the last row) sessions are new; the truth is that of many neurons and images.
"""

import dataclasses

import numpy as np

from v1keras.data import Recording
from v1keras.evaluation.scores import score_rates

NEURONS, IMAGES, TESTED, PRESENTATIONS = 355, 270, 52, 20


def population(rng, neurons, sessions=1, session_spread=0.0):
    """Return the parameters of neurons: accuracy, mean count, selectivity, session."""
    session = np.sort(np.resize(np.arange(sessions), neurons))
    shift = rng.normal(0, session_spread, sessions)[session]
    accuracy = np.clip(rng.beta(4, 2, neurons) + shift, 0, 1)
    mean = np.exp(rng.normal(np.log(1.5), 0.8, neurons))
    return accuracy, mean, rng.uniform(0.3, 0.6, neurons), session


def simulate(rng, neurons, images=IMAGES, tested=TESTED, **sessions):
    """Simulate a recording with mean responses, and predictions of its test images.

    Neurons share what they respond to: an image is a draw of eight features, whose
    mixtures neurons take, so that means over neurons scatter with the images.
    """
    neurons = population(rng, neurons, **sessions)
    return responses_of(neurons, rng, images, tested)


def responses_of(neurons, rng, images=IMAGES, tested=TESTED):
    """Simulate the responses of some neurons, as `population` returns them."""
    accuracy, mean, spread, session = neurons
    neurons = len(mean)
    features = rng.normal(size=(images, 8))
    mixture = rng.normal(size=(8, neurons))
    drive = features @ mixture / np.sqrt((mixture**2).sum(axis=0))
    other = rng.normal(size=(images, neurons))
    rates = mean * np.maximum(1 + spread * drive, 0)
    predicted = accuracy * drive + np.sqrt(1 - accuracy**2) * other
    counts = rng.poisson(PRESENTATIONS * rates) / PRESENTATIONS
    split = np.repeat([0, 2], [images - tested, tested])
    recording = Recording(
        np.zeros((images, 2, 2), "uint8"),
        counts.astype("float32"),
        split=rng.permutation(split),
        neuron_session=session.astype(str) if session.any() else None,
        attributes={
            "units": "spikes per presentation",
            "presentations": PRESENTATIONS,
        },
    )
    return recording, predicted, rates


def scored(recording, predicted):
    """Return the summary of all neurons."""
    images = recording.indices("test")
    scores = score_rates(recording, images, predicted[images], "test")
    return scores.groups["reported"]


def truth(sessions):
    """Return the mean correlation and CC_norm over many neurons and images."""
    rng = np.random.default_rng(10_000)
    correlations, cc_norms = [], []
    for _ in range(20):
        recording, predicted, rates = simulate(rng, 360, 2000, 10, **sessions)
        means = recording.responses.astype(float)
        correlations.append(_correlation(means, predicted))
        reachable = _correlation(means, rates)
        cc_norms.append(correlations[-1] / reachable)
    return {"correlation": np.mean(correlations), "cc_norm": np.mean(cc_norms)}


def _correlation(first, second):
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    size = (first**2).sum(axis=0) * (second**2).sum(axis=0)
    return (first * second).sum(axis=0) / np.sqrt(size)


@dataclasses.dataclass
class Coverage:
    """How often intervals held the truth."""

    these_images: float
    other_images: float
    width: float
    bias: float


def coverage(draws=150, seed=0, **sessions):
    """Return the `Coverage` of each metric's intervals.

    Args:
        draws: Integer, number of populations and sets of images.
        seed: Integer.
        **sessions: `sessions` and `session_spread`, as for `population`.
    """
    true = truth(sessions)
    groups = []
    for draw in range(draws):
        rng = np.random.default_rng((seed, draw))
        recording, predicted, _ = simulate(rng, NEURONS, **sessions)
        groups.append(scored(recording, predicted))
    return {name: _coverage(groups, name, value) for name, value in true.items()}


def _coverage(groups, name, value):
    def share(key):
        inside = [low <= value <= high for low, high in (g[name][key] for g in groups)]
        return float(np.mean(inside))

    widths = [high - low for low, high in (g[name]["interval"] for g in groups)]
    bias = np.mean([group[name]["mean"] for group in groups]) - value
    return Coverage(
        share("interval_these_images"), share("interval"), np.mean(widths), bias
    )


def main():
    """Print the table."""
    print("| population | mean of | these images | other images | width | bias |")
    print("|---|---|---|---|---|---|")
    for label, sessions in (
        ("355 neurons, 52 images", {}),
        ("9 sessions", {"sessions": 9, "session_spread": 0.12}),
    ):
        for name, found in coverage(**sessions).items():
            print(
                f"| {label} | {name} | {found.these_images:.3f} |"
                f" {found.other_images:.3f} | {found.width:.3f} | {found.bias:+.4f} |"
            )


if __name__ == "__main__":
    main()
