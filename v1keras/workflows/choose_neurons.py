"""Neurons that are worth an experiment: predicted well, stable, one per site."""

import numpy as np

from v1keras.data import Recording
from v1keras.evaluation import cc_max_from_repeats
from v1keras.evaluation.metrics import correlation, mean
from v1keras.evaluation.near_limit import near_limit_probability
from v1keras.evaluation.scores import Scores
from v1keras.workflows.invert_to_folder import choose_neurons

# Probability that a neuron's true CC_norm is as high as asked for.
_LIKELY = 0.8
# Halves of the presentations that agree less than this, relative to what noise alone
# allows, or whose means differ by more than this factor, are not of one state.
_LEAST_AGREEMENT, _LARGEST_CHANGE = 0.8, 1.5


def well_predicted(scores: Scores, least: float) -> np.ndarray:
    """Return which neurons are likely to be predicted well, with the noise taken out.

    Args:
        scores: `Scores` of the model.
        least: Float, CC_norm that the true one should reach.

    Returns:
        `(neurons,)` bool.
    """
    columns = scores.per_neuron
    probability = near_limit_probability(
        columns["cc_norm"], columns["cc_norm_error"], columns["cc_max"], limit=least
    )
    return probability >= _LIKELY


def stable_neurons(recording: Recording) -> np.ndarray | None:
    """Return which neurons respond alike in the first and second half of the repeats.

    The correlation of both halves' mean responses must be 0.8 or more of that of odd
    and even presentations, which slow changes leave alone, and neither half's mean may
    be more than 1.5 times that of the other.

    Args:
        recording: `Recording`.

    Returns:
        `(neurons,)` bool; None where it can't be told: there are no repeats, or fewer
        than four.
    """
    repeats = recording.repeats
    if repeats is None or repeats.shape[1] < 4 or len(repeats) < 3:
        return None
    middle = repeats.shape[1] // 2
    first, second = _mean(repeats[:, :middle]), _mean(repeats[:, middle:])
    odd, even = _mean(repeats[:, ::2]), _mean(repeats[:, 1::2])
    over_time, by_turns = correlation(first, second), correlation(odd, even)
    unlike = over_time < _LEAST_AGREEMENT * by_turns
    means = np.abs(np.stack([mean(first), mean(second)]))
    changed = means.max(axis=0) > _LARGEST_CHANGE * means.min(axis=0)
    return ~(unlike | changed | np.isnan(cc_max_from_repeats(repeats)))


def _mean(repeats):
    return mean(repeats.swapaxes(0, 1))


def best_per_site(
    recording: Recording, neurons: np.ndarray, worth: np.ndarray, column: str
) -> np.ndarray:
    """Return the neurons of highest worth, one per value of a column of neurons.

    Args:
        recording: `Recording`.
        neurons: `(n,)` indices to choose from.
        worth: `(neurons,)` of all neurons.
        column: String, name of a column of the recording's neurons.

    Raises:
        ValueError: There is no such column, or it has several values per neuron.
    """
    values = recording.neurons.get(column)
    if values is None or np.ndim(values) != 1:
        columns = [
            name for name, values in recording.neurons.items() if values.ndim == 1
        ]
        raise ValueError(
            f"--one_per={column}: the recording's neurons have no such column; they"
            f" have {', '.join(columns) or 'none'}"
        )
    order = neurons[np.argsort(-worth[neurons], kind="stable")]
    _, first = np.unique(np.asarray(values)[order], return_index=True)
    return np.sort(order[first])


def choose(
    text: str, scores: Scores, recording: Recording, least: float, one_per: str | None
) -> tuple[np.ndarray, list[str]]:
    """Return the neurons for an experiment, and lines on how they were chosen.

    Args:
        text: String, "best" for those that are predicted well and stable, or indices
            such as "0,3,7" or "all", as `choose_neurons` takes them.
        scores: `Scores` of the model.
        recording: `Recording` of the neurons.
        least: Float, least true CC_norm of the best.
        one_per: String, column of neurons that names their site, or None.

    Raises:
        ValueError: None is left, or a column or a neuron does not exist.
    """
    if text == "best":
        cc_norm = scores.per_neuron["cc_norm"]
        if np.isnan(cc_norm).all():
            raise ValueError(
                "--neurons=best: no noise ceiling is available for this recording (no"
                " repeats, no spike counts); name neurons, as in --neurons=0,3"
            )
        good = well_predicted(scores, least)
        lines = [
            f"{good.sum()} of {len(good)} neurons have a CC_norm of {least:g} or more"
            f" with a probability of {_LIKELY}"
        ]
        stable = stable_neurons(recording)
        if stable is None:
            lines.append("stability: can't be told without four repeats")
        else:
            lines.append(f"{(good & stable).sum()} of them are stable over the repeats")
            good &= stable
        neurons = np.flatnonzero(good)
        if not neurons.size:
            raise ValueError(
                f"--neurons=best: {'; '.join(lines)}; lower --least_cc_norm, or name"
                " neurons, as in --neurons=0,3"
            )
    else:
        neurons, lines = np.sort(choose_neurons(text, scores)), []
    if one_per:
        worth = np.nan_to_num(scores.per_neuron["cc_norm"], nan=-1)
        neurons = best_per_site(recording, neurons, worth, one_per)
        lines.append(f"{len(neurons)} of them, the best per {one_per}")
    return neurons, lines
