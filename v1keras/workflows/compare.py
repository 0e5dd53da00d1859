"""Two models compared neuron by neuron."""

import dataclasses
from typing import Any

import numpy as np

from v1keras.evaluation import SCORES
from v1keras.evaluation.neuron_draws import NeuronDraws
from v1keras.evaluation.scores import Scores
from v1keras.evaluation.summary import clipped
from v1keras.report.figures.differences import paired_differences


@dataclasses.dataclass(repr=False)
class Comparison:
    """The paired difference of two models' scores, over neurons.

    Attributes:
        metric: String, the metric compared.
        per_neuron: Dict of `(n,)` columns: `neuron`, and `first`, `second` and
            `difference` of the metric; neurons without a value in both, or for tuning
            only, are left out.
            CC_norm is clipped to [-1, 1], as in its mean.
        mean: Float, mean of the difference, first minus second.
        interval: Tuple, 95 % interval of the mean, or None for fewer than two neurons
            (or sessions).
        interval_over: String, what the interval is over: "neurons and images", or
            "sessions, neurons and images".
    """

    metric: str
    per_neuron: dict[str, np.ndarray]
    mean: float
    interval: tuple[float, float] | None
    interval_over: str

    def __str__(self):
        interval = ""
        if self.interval:
            low, high = self.interval
            interval = f" [{low:+.4f}, {high:+.4f}]"
        return (
            f"{self.metric}: {self.mean:+.4f}{interval} over"
            f" {len(self.per_neuron['neuron'])} neurons (95 % interval for other"
            f" {self.interval_over})"
        )

    def __repr__(self):
        return f"<Comparison {self}>"

    def figure(self, names: tuple[str, str] = ("first", "second")) -> Any:
        """Draw both models' scores neuron by neuron, and their differences.

        Args:
            names: Pair of strings, names of the models.

        Returns:
            A matplotlib figure.

        Example:

        >>> columns = {"first": np.array([0.5, 0.6]), "second": np.array([0.4, 0.6])}
        >>> columns["difference"] = columns["first"] - columns["second"]
        >>> comparison = Comparison("correlation", columns, 0.05, None, "neurons")
        >>> [axis.get_xlabel() for axis in comparison.figure().axes]
        ['correlation, second', 'difference of correlation']
        """
        return paired_differences(
            self.per_neuron, names, self.metric, self.mean, self.interval
        )


def compare(
    first: Scores, second: Scores, metric: str = "correlation", seed: int = 0
) -> Comparison:
    """Compare the scores of two models of the same neurons and images.

    Args:
        first: `Scores` of one model.
        second: `Scores` of the other.
        metric: String, one of `v1keras.evaluation.SCORES`.
        seed: Integer, seed of the neurons that are drawn anew.

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
    if not _are_of_the_same(first, second):
        raise ValueError(
            f"{first!r} and {second!r}: expected scores of the same neurons and images"
        )
    columns = [clipped(metric, part.per_neuron[metric]) for part in (first, second)]
    both = np.isfinite(columns[0]) & np.isfinite(columns[1])
    both = np.flatnonzero(both & (first.per_neuron.get("for_tuning", 0) == 0))
    if not both.size:
        raise ValueError(f"{metric}: no neuron has a value in both models")
    ours, theirs = (column[both] for column in columns)
    mean = float((ours - theirs).mean())
    # The same images are drawn anew for both.
    anew = [
        clipped(metric, part.resampled[metric][:, both]) for part in (first, second)
    ]
    labels = first.per_neuron.get("recording", first.per_neuron.get("session"))
    draws = NeuronDraws(both.size, None if labels is None else labels[both], seed)
    per_neuron = {
        "neuron": first.per_neuron["neuron"][both],
        "first": ours,
        "second": theirs,
        "difference": ours - theirs,
    }
    interval = draws.interval(mean, anew[0] - anew[1])
    return Comparison(metric, per_neuron, mean, interval, draws.over)


def _are_of_the_same(first, second):
    """Tell whether two scores are of the same neurons, images and responses.

    Selectivity depends on the responses alone, and so tells them apart.
    """
    if (first.split, first.images) != (second.split, second.images):
        return False
    for name in ("recording", "neuron", "session", "selectivity"):
        ours, theirs = first.per_neuron.get(name), second.per_neuron.get(name)
        if (ours is None) != (theirs is None):
            return False
        if ours is not None and not _are_equal(ours, theirs):
            return False
    return True


def _are_equal(ours, theirs):
    if ours.shape != theirs.shape:
        return False
    return np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f")
