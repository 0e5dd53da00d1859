"""The table of scores that training and evaluation print."""

from typing import Any

from v1keras.io.terminal import short_names


def score_table(metrics: dict[str, Any]) -> str:
    """Return the table of scores, at most 80 columns wide.

    Args:
        metrics: Dict, as `Scores.metrics` returns it.

    Returns:
        String, a header and a line per group of neurons, with 95 % intervals over
        neurons in brackets.

    Example:

    >>> score = {"mean": 0.5, "interval": [0.4, 0.6], "median": 0.5, "missing": 0}
    >>> group = {"neurons": 7, "correlation": score, "cc_norm": score, "feve": score}
    >>> group |= {"no_ceiling": 0, "fraction_near_limit": 0.25}
    >>> metrics = {"split": "test", "images": 9, "ceiling": "means"}
    >>> print(score_table(metrics | {"groups": {"reported": group}}))
    9 test images; ceiling from means
    neurons              count   correlation           CC_norm          near limit
    reported                 7   0.500 [0.400, 0.600]  0.500 [0.400, 0.600]   25 %
    """
    images, split = metrics["images"], metrics["split"]
    lines = [f"{images} {split} images; ceiling from {metrics['ceiling']}"]
    lines.append(
        f"{'neurons':<20} {'count':>5}   {'correlation':<20}  {'CC_norm':<16}"
        " near limit"
    )
    labels = short_names(metrics["groups"], 20)
    for name, group in metrics["groups"].items():
        correlation, cc_norm = _value(group["correlation"]), _value(group["cc_norm"])
        lines.append(
            f"{labels[name]:<20} {group['neurons']:>5}   {correlation:<20} "
            f" {cc_norm:<20} {_near_limit(group):>6}"
        )
    return "\n".join(lines)


def _near_limit(group):
    """Return the percentage of neurons near their limit, empty if there is none."""
    fraction = group["fraction_near_limit"]
    if group["cc_norm"]["mean"] is None or fraction is None:
        return ""
    return f"{100 * fraction:.0f} %"


def _value(score):
    """Return a mean and its interval, or "-" if there is none."""
    if score["mean"] is None:
        return "-"
    if not score["interval"]:
        return f"{score['mean']:.3f}"
    low, high = score["interval"]
    return f"{score['mean']:.3f} [{low:.3f}, {high:.3f}]"
