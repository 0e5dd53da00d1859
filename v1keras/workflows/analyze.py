"""The second day of an experiment: did the neurons do what was predicted of them?"""

import dataclasses
from typing import Any

import numpy as np

from v1keras.evaluation import cc_max_from_repeats, cc_norm
from v1keras.evaluation.metrics import correlation
from v1keras.experiment.comparisons import (
    Comparison,
    compare_own,
    share_above,
    share_interval,
)
from v1keras.experiment.drift import Drift, estimate_drift
from v1keras.experiment.faults import Suspicion, find_faults
from v1keras.experiment.resampling import block_means, interval, known_mean
from v1keras.experiment.specificity import Specificity, excess, specificity
from v1keras.experiment.stimulus_set import CONTROLS, StimulusSet
from v1keras.workflows.outcome_table import outcome_lines


@dataclasses.dataclass(repr=False)
class Outcome:
    """What the second day says of a set's predictions.

    Printed, it is the table of `v1keras experiment analyze`.

    Attributes:
        per_neuron: Dict of `(n,)` columns: `neuron`; the response to the `own`
            stimulus; of each control its response, `_difference`, `_error`, `_p`
            (corrected for the number of neurons), `_verdict` and `_predicted`, the
            difference that was predicted; `correlation`, `cc_max` and `cc_norm` of
            predicted and measured responses; `specificity_rank` and `_excess`; `gain`
            with its interval.
        summary: Dict, as `outcome.json` has it.
        comparisons: Dict, control -> `Comparison`.
        specificity: `Specificity`.
        drift: `Drift`.
        faults: List of `Suspicion`.
    """

    per_neuron: dict[str, np.ndarray]
    summary: dict[str, Any]
    comparisons: dict[str, Comparison]
    specificity: Specificity
    drift: Drift
    faults: list[Suspicion]

    def __str__(self):
        return "\n".join(outcome_lines(self.summary))

    def __repr__(self):
        return f"<Outcome of {len(self.per_neuron['neuron'])} neurons>"


def analyze(made: StimulusSet, measured: np.ndarray, seed: int = 0) -> Outcome:
    """Compare the responses to a set with what was predicted of them.

    Args:
        made: `StimulusSet`.
        measured: `(stimuli, presentations, neurons)` responses of the set's neurons,
            NaN = missing.
        seed: Integer, seed of permutations and bootstraps.

    Raises:
        ValueError: No stimulus has two presentations, or a neuron has no response.
    """
    _check(made, measured)
    own = made.places("preferred")
    comparisons, groups = {}, {}
    for role in CONTROLS:
        places = made.control_places(role)
        if any(places):
            comparisons[role] = compare_own(measured, own, places, seed)
            groups[role] = _summary_of(role, made, measured, comparisons[role], seed)
    matrix = specificity(measured, own, seed)
    repeated = np.flatnonzero(np.array(made.roles) == "recorded")
    drift = estimate_drift(measured, made.predictions, repeated, seed)
    faults = find_faults(measured, made.predictions, repeated, made.neurons, made.names)
    columns = {"neuron": made.neurons, "own": block_means(measured)[own].diagonal()}
    for role, comparison in comparisons.items():
        columns |= _columns(role, comparison)
        predicted = _predicted(made, role)
        columns[f"{role}_predicted"] = predicted
    columns |= _scores(made, measured)
    columns["specificity_rank"] = matrix.rank
    columns["specificity_excess"] = matrix.excess
    columns |= {
        "gain": drift.gain,
        "gain_low": drift.gain_low,
        "gain_high": drift.gain_high,
    }
    summary = {
        "set": made.about,
        "neurons": len(made.neurons),
        "stimuli": len(made.names),
        "presentations": int(np.isfinite(measured).any(axis=(0, 2)).sum()),
        "faults": [dataclasses.asdict(suspicion) for suspicion in faults],
        "controls": groups,
        "specificity": _specificity(matrix, measured, own, seed),
        "prediction": _prediction(made, measured, columns, seed),
        "drift": _drift(drift),
    }
    return Outcome(columns, summary, comparisons, matrix, drift, faults)


def _check(made, measured):
    if (np.isfinite(measured).sum(axis=1) < 2).all():
        raise ValueError(
            "no stimulus has two presentations: expected repeats, without which noise"
            " can't be told from a difference"
        )
    silent = np.flatnonzero(np.isnan(measured).all(axis=(0, 1)))
    if silent.size:
        raise ValueError(
            f"neuron {made.neurons[silent[0]]} of the set has no response at all on the"
            " second day: was it lost? Leave its column out of --responses only with"
            " a set designed without it"
        )


def _columns(role, comparison):
    return {
        role: comparison.control,
        f"{role}_difference": comparison.difference,
        f"{role}_error": comparison.error,
        f"{role}_p": comparison.p,
        f"{role}_verdict": comparison.verdict,
    }


def _predicted(made, role):
    """Return `(n,)` the difference that was predicted."""
    rates, own = made.predictions.rates, made.places("preferred")
    values = np.full(len(own), np.nan)
    for i, places in enumerate(made.control_places(role)):
        if places:
            values[i] = rates[own[i], i] - rates[places, i].mean()
    return values


def _summary_of(role, made, measured, comparison, seed):
    """Return what a control says of the population."""
    verdicts = comparison.verdict
    counts = {word: int((verdicts == word).sum()) for word in ("more", "less")}
    counts["cannot_tell"] = int((verdicts == "can't tell").sum())
    own, controls = made.places("preferred"), made.control_places(role)

    def relative(trials):
        """Own response less the control's, over their sum."""
        means = block_means(trials)
        values = np.full(len(own), np.nan)
        for i, places in enumerate(controls):
            if places:
                pair = means[own[i], i], known_mean(means[places, i], axis=0)
                values[i] = (pair[0] - pair[1]) / max(abs(pair[0]) + abs(pair[1]), 1e-9)
        return values

    share = share_above(comparison.difference, comparison.error)
    low, high = share_interval(comparison.difference, comparison.error, seed)
    index, index_low, index_high = interval(measured, relative, seed)
    predicted = relative(made.predictions.rates[:, None])
    return counts | {
        "share_above": share,
        "share_interval": [low, high],
        "index": index,
        "index_interval": [index_low, index_high],
        "predicted_index": float(np.nanmean(predicted)),
    }


def _scores(made, measured):
    """Return columns of predicted against measured responses."""
    means = block_means(measured)
    ceiling = cc_max_from_repeats(measured)
    return {
        "correlation": correlation(means, made.predictions.rates),
        "cc_max": ceiling,
        "cc_norm": cc_norm(means, made.predictions.rates, ceiling),
    }


def _prediction(made, measured, columns, seed):
    rates = made.predictions.rates
    mean, low, high = interval(
        measured, lambda trials: correlation(block_means(trials), rates), seed
    )
    norms = columns["cc_norm"][np.isfinite(columns["cc_norm"])]
    return {
        "correlation": mean,
        "correlation_interval": [low, high],
        "cc_norm": float(np.clip(norms, -1, 1).mean()) if norms.size else None,
        "median_cc_norm": float(np.median(norms)) if norms.size else None,
        "no_ceiling": int((columns["cc_max"] == 0).sum()),
    }


def _specificity(matrix, measured, own, seed):
    mean, low, high = interval(measured, lambda trials: excess(trials, own), seed)
    return {
        "excess": mean,
        "excess_interval": [low, high],
        "p": matrix.p,
        "own_is_best": int((matrix.rank == 1).sum()),
    }


def _drift(drift):
    gains = drift.gain[np.isfinite(drift.gain)]
    return {
        "median_gain": float(np.median(gains)) if gains.size else np.nan,
        "changed_gains": int(((drift.gain_low > 1) | (drift.gain_high < 1)).sum()),
        "shift_down_right": None if drift.shift is None else list(drift.shift),
        "correlation_as_shown": drift.correlation[0],
        "correlation_shifted": drift.correlation[1],
        "block_means": drift.blocks.tolist(),
    }
