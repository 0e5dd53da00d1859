"""The table that `v1keras experiment analyze` prints."""

from collections.abc import Iterator, Mapping
from typing import Any


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
        low, high = group["share_interval"]
        share = f"{group['share_above']:.0%} [{low:.0%}, {high:.0%}]"
        yield (
            f"{role.replace('_', ' '):<24} {group['more']:>5} {group['less']:>5}"
            f" {group['cannot_tell']:>5}   {share:>22}  {group['index']:.2f}"
            f" [{group['index_interval'][0]:.2f}, {group['index_interval'][1]:.2f}]"
            f" ({group['predicted_index']:.2f})"
        )
    yield (
        "more, less: p < 0.05 after correction for the number of neurons; open: can't"
        " tell; index: difference over sum, interval over neurons and presentations"
    )
    part = summary["specificity"]
    low, high = part["excess_interval"]
    yield (
        f"specificity: own stimulus {part['excess']:.2f} [{low:.2f}, {high:.2f}] SD"
        f" above others', p = {part['p']:.2g}; the best of all for"
        f" {part['own_is_best']} of {summary['neurons']} neurons"
    )
    part = summary["prediction"]
    low, high = part["correlation_interval"]
    norm = part["cc_norm"]
    yield (
        f"predicted and measured: correlation {part['correlation']:.3f} [{low:.3f},"
        f" {high:.3f}]"
        + ("" if norm is None else f", CC_norm {norm:.3f}")
        + f" ({part['no_ceiling']} neurons without a ceiling)"
    )
    yield from _drift_lines(summary["drift"], summary["neurons"])


def _drift_lines(part, neurons):
    yield (
        f"drift: gain {part['median_gain']:.2f} (median), changed for"
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
