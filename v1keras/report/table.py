"""Scores as a text table."""

from typing import Any


def score_table(metrics: dict[str, Any]) -> str:
    """The table that training and evaluation print, at most 80 columns wide.

    Args:
        metrics: as `v1keras.evaluate.evaluate` gives them.

    Returns:
        A header and a line for each group of neurons. In brackets the 95 % interval over neurons.

    Example:

    >>> score = {"mean": 0.5, "interval": [0.4, 0.6], "median": 0.5, "missing": 0}
    >>> group = {"neurons": 7, "correlation": score, "cc_norm": score, "feve": score, "no_ceiling": 0, "fraction_near_limit": 0.25}
    >>> print(score_table({"split": "test", "images": 9, "ceiling": "means", "groups": {"reported": group}}))
    9 test images; ceiling from means
    neurons              count   correlation           CC_norm          near limit
    reported                 7   0.500 [0.400, 0.600]  0.500 [0.400, 0.600]   25 %
    """
    lines = [
        f"{metrics['images']} {metrics['split']} images; ceiling from {metrics['ceiling']}",
        f"{'neurons':<20} {'count':>5}   {'correlation':<20}  {'CC_norm':<16} near limit",
    ]
    for name, group in metrics["groups"].items():
        near = group["fraction_near_limit"]
        near = "" if group["cc_norm"]["mean"] is None or near is None else f"{100 * near:.0f} %"
        lines.append(f"{name[:20]:<20} {group['neurons']:>5}   {_value(group['correlation']):<20}  {_value(group['cc_norm']):<20} {near:>6}")
    return "\n".join(lines)


def _value(score):
    if score["mean"] is None:
        return "-"
    interval = score["interval"]
    return f"{score['mean']:.3f}" + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "")
