"""Two models compared neuron by neuron."""

import dataclasses

import numpy as np

from v1keras.evaluation import SCORES
from v1keras.evaluation.scores import Scores

_RESAMPLES = 2000


@dataclasses.dataclass(repr=False)
class Comparison:
    """The paired difference of two models' scores, over neurons.

    Attributes:
        metric: String, the metric compared.
        per_neuron: Dict of `(n,)` columns: `neuron`, and `first`, `second` and
            `difference` of the metric; neurons without a value in both are left out.
        mean: Float, mean of the difference, first minus second.
        interval: Tuple, 95 % bootstrap interval of the mean, for these images and other
            neurons.
    """

    metric: str
    per_neuron: dict[str, np.ndarray]
    mean: float
    interval: tuple[float, float]

    def __str__(self):
        low, high = self.interval
        return (
            f"{self.metric}: {self.mean:+.4f} [{low:+.4f}, {high:+.4f}] over"
            f" {len(self.per_neuron['neuron'])} neurons (95 % bootstrap interval over"
            " neurons)"
        )

    def __repr__(self):
        return f"<Comparison {self}>"


def compare(
    first: Scores, second: Scores, metric: str = "correlation", seed: int = 0
) -> Comparison:
    """Compare the scores of two models of the same neurons and images.

    Args:
        first: `Scores` of one model.
        second: `Scores` of the other.
        metric: String, "correlation", "cc_norm" or "feve".
        seed: Integer, seed of the bootstrap.

    Raises:
        ValueError: No such metric, other neurons or images, or no neuron with a value.

    Example:

    >>> from v1keras import score, simulate_recording
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> scores = score(lambda images: images[:, 4, 4:8, 0], recording)
    >>> compare(scores, scores).mean
    0.0
    """
    if metric not in SCORES:
        raise ValueError(
            f"metric: found {metric!r}, expected one of {', '.join(SCORES)}"
        )
    counts = [len(scores.per_neuron["neuron"]) for scores in (first, second)]
    if counts[0] != counts[1] or (first.split, first.images) != (
        second.split,
        second.images,
    ):
        raise ValueError(
            f"{first!r} and {second!r}: expected scores of the same neurons and images"
        )
    a, b = first.per_neuron[metric], second.per_neuron[metric]
    both = np.flatnonzero(np.isfinite(a) & np.isfinite(b))
    if not both.size:
        raise ValueError(f"{metric}: no neuron has a value in both models")
    difference = (a - b)[both]
    drawn = np.random.default_rng(seed).integers(0, both.size, (_RESAMPLES, both.size))
    low, high = np.percentile(difference[drawn].mean(axis=1), [2.5, 97.5])
    columns = {
        "neuron": first.per_neuron["neuron"][both],
        "first": a[both],
        "second": b[both],
        "difference": difference,
    }
    interval = float(low), float(high)
    return Comparison(metric, columns, float(difference.mean()), interval)
