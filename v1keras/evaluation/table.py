"""The table of scores that training and evaluation print."""

from typing import Any


def score_table(metrics: dict[str, Any]) -> str:
    """Return the table of scores, at most 80 columns wide.

    Args:
        metrics: Dict, as `Scores.metrics` returns it.

    Returns:
        String, a header and a line per group of neurons. In brackets the 95 % interval
        over neurons.

    Example:

    >>> score = {"mean": 0.5, "interval": [0.4, 0.6], "median": 0.5, "missing": 0}
    >>> group = {
    ...     "neurons": 7,
    ...     "correlation": score,
    ...     "cc_norm": score,
    ...     "feve": score,
    ...     "no_ceiling": 0,
    ...     "fraction_near_limit": 0.25,
    ... }
    >>> print(
    ...     score_table(
    ...         {
    ...             "split": "test",
    ...             "images": 9,
    ...             "ceiling": "means",
    ...             "groups": {"reported": group},
    ...         }
    ...     )
    ... )
    9 test images; ceiling from means
    neurons              count   correlation           CC_norm          near limit
    reported                 7   0.500 [0.400, 0.600]  0.500 [0.400, 0.600]   25 %
    """
    lines = [
        (
            f"{metrics['images']} {metrics['split']} images; ceiling from"
            f" {metrics['ceiling']}"
        ),
        (
            f"{'neurons':<20} {'count':>5}   {'correlation':<20}  {'CC_norm':<16} near"
            " limit"
        ),
    ]
    for name, group in metrics["groups"].items():
        near = group["fraction_near_limit"]
        near = (
            ""
            if group["cc_norm"]["mean"] is None or near is None
            else f"{100 * near:.0f} %"
        )
        lines.append(
            f"{name[:20]:<20} {group['neurons']:>5}  "
            f" {_value(group['correlation']):<20}  {_value(group['cc_norm']):<20}"
            f" {near:>6}"
        )
    return "\n".join(lines)


def _value(score):
    if score["mean"] is None:
        return "-"
    interval = score["interval"]
    return f"{score['mean']:.3f}" + (
        f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
    )
