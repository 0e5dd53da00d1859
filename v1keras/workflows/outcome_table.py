"""The table that `v1keras experiment analyze` prints."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def outcome_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines on an outcome.

    Args:
        summary: Mapping, the summary of an `Outcome`.
    """
    yield (
        f"{summary['neurons']} neurons, {summary['stimuli']} stimuli,"
        f" {summary['presentations']} presentations each"
    )
    for fault in summary["faults"]:
        mark = "WRONG: " if fault["verdict"] == "wrong" else ""
        yield f"{mark}{fault['text']}"
    yield (
        f"{'own stimulus above that of':<24} {'more':>5} {'less':>5} {'open':>5}"
        f"   share, noise taken out  index (predicted)"
    )
    for role, group in summary["controls"].items():
        share = _with_ends(group["share_above"], group["share_interval"], ".0%")
        yield (
            f"{role.replace('_', ' '):<24} {group['more']:>5} {group['less']:>5}"
            f" {group['cannot_tell']:>5}   {share:>22} "
            f" {_with_ends(group['index'], group['index_interval'], '.2f')}"
            f" ({_shown(group['predicted_index'], '.2f')})"
        )
    yield (
        "more, less: p < 0.05 after correction for the number of neurons; open: can't"
        " tell; index: difference over sum, interval over neurons and presentations"
    )
    part = summary["specificity"]
    excess = _with_ends(part["excess"], part["excess_interval"], ".2f")
    yield (
        f"specificity: own stimulus {excess} SD above others', p = {part['p']:.2g}; the"
        f" best of all for {part['own_is_best']} of {summary['neurons']} neurons"
    )
    part = summary["prediction"]
    norm = part["cc_norm"]
    correlation = _with_ends(part["correlation"], part["correlation_interval"], ".3f")
    yield (
        f"predicted and measured: correlation {correlation}"
        + ("" if norm is None else f", CC_norm {norm:.3f}")
        + f" ({part['no_ceiling']} neurons without a ceiling)"
    )
    yield from _drift_lines(summary["drift"], summary["neurons"])


def _drift_lines(part, neurons):
    yield (
        f"drift: gain {_shown(part['median_gain'], '.2f')} (median), changed for"
        f" {part['changed_gains']} of {neurons} neurons"
    )
    if part["shift_down_right"] is None:
        yield "position: can't be told without images of the first day"
        return
    down, right = part["shift_down_right"]
    yield (
        f"position: images seem {down:.1f} pixels lower and {right:.1f} to the right"
        f" (correlation {part['correlation_shifted']:.3f} instead of"
        f" {part['correlation_as_shown']:.3f})"
    )


def _with_ends(value, ends, form):
    """Return a value and its interval, if that is known."""
    if not np.isfinite(ends).all():
        return _shown(value, form)
    return f"{value:{form}} [{ends[0]:{form}}, {ends[1]:{form}}]"


def _shown(value, form):
    return f"{value:{form}}" if np.isfinite(value) else "unknown"
