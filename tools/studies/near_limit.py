"""Estimate the share of neurons near their limit, in populations whose truth is known.

    .venv/bin/python -m tools.studies.near_limit

It prints the table of docs/metrics.md. As in kindel2019, 355 neurons have means of
20 presentations of 270 images, and each of seven seeds tests on 52 of these.
"""

import dataclasses

import numpy as np

from v1keras.data import Recording
from v1keras.evaluation import average_scores
from v1keras.evaluation.scores import score_rates

NEURONS, IMAGES, TESTED, PRESENTATIONS, SEEDS = 355, 270, 52, 20, 7
# Name -> true CC_norm of neurons, drawn with a generator.
TRUTHS = {
    "uniform": lambda rng: rng.uniform(0, 1, NEURONS),
    "beta": lambda rng: rng.beta(8, 2, NEURONS),
    "two groups": lambda rng: np.where(
        rng.random(NEURONS) < 0.5, rng.beta(30, 4, NEURONS), rng.beta(3, 2, NEURONS)
    ),
    "all at 0.85": lambda rng: np.full(NEURONS, 0.85),
    "all at 0.95": lambda rng: np.full(NEURONS, 0.95),
}


@dataclasses.dataclass
class Judgement:
    """Shares of neurons near their limit, and how right the chosen ones are."""

    true: float
    counted: float
    estimated: float
    chosen: int
    precision: float
    precision_of_count: float


def judge(truth, seed=0, seeds=SEEDS):
    """Return the `Judgement` of a simulated population.

    Args:
        truth: String, a key of `TRUTHS`.
        seed: Integer, seed of the population.
        seeds: Integer, number of divisions of the images that are averaged.
    """
    rng = np.random.default_rng(seed)
    accuracy = TRUTHS[truth](rng)
    mean = np.exp(rng.normal(np.log(0.8), 1.0, NEURONS))
    spread = rng.uniform(0.4, 1.2, NEURONS)
    shape = 1 / spread**2
    rates = rng.gamma(shape, mean / shape, (IMAGES, NEURONS))
    other = rng.gamma(shape, mean / shape, (IMAGES, NEURONS))
    predicted = accuracy * rates + np.sqrt(1 - accuracy**2) * other
    counts = rng.poisson(PRESENTATIONS * rates) / PRESENTATIONS
    runs = []
    for run in range(seeds):
        split = np.zeros(IMAGES)
        tested = np.random.default_rng((seed, run)).permutation(IMAGES)
        split[tested[:TESTED]] = 2
        recording = Recording(
            np.zeros((IMAGES, 2, 2), "uint8"),
            counts.astype("float32"),
            split=split,
            attributes={
                "units": "spikes per presentation",
                "presentations": PRESENTATIONS,
            },
        )
        images = recording.indices("test")
        runs.append(score_rates(recording, images, predicted[images], "test"))
    scores = average_scores(runs)
    near = accuracy >= 0.9
    counted = np.nan_to_num(scores.per_neuron["cc_norm"]) >= 0.9
    chosen = scores.near_limit()
    return Judgement(
        true=float(near.mean()),
        counted=float(counted.mean()),
        estimated=scores.groups["reported"]["estimated_near_limit"],
        chosen=len(chosen),
        precision=float(near[chosen].mean()) if len(chosen) else float("nan"),
        precision_of_count=float(near[counted].mean()) if counted.any() else 0.0,
    )


def main(populations=5):
    """Print the table."""
    print(
        "| truth | splits | true share | counted | estimated | root mean square error"
        " | largest error | chosen | of these right | of the counted right |"
    )
    print("|---" * 10 + "|")
    for truth in TRUTHS:
        for seeds in (SEEDS, 1):
            rows = [
                dataclasses.astuple(judge(truth, seed, seeds))
                for seed in range(populations)
            ]
            rows = np.array(rows)
            error = rows[:, 2] - rows[:, 0]
            true, counted, estimated, chosen, right, of_counted = (
                np.nanmean(column) if np.isfinite(column).any() else np.nan
                for column in rows.T
            )
            print(
                f"| {truth} | {seeds} | {true:.3f} | {counted:.3f} | {estimated:.3f} |"
                f" {np.sqrt(np.mean(error**2)):.3f} | {np.abs(error).max():.3f} |"
                f" {chosen:.0f} | {right:.2f} | {of_counted:.2f} |"
            )


if __name__ == "__main__":
    main()
