"""The table of scores that training and evaluation print."""

from typing import Any

from v1keras.io.terminal import short_names

_WIDTH = 79  # columns that a line ends in, where it is not longer


def score_table(metrics: dict[str, Any]) -> str:
    """Return the table of scores, at most 80 columns wide.

    Args:
        metrics: Dict, as `Scores.metrics` returns it.

    Returns:
        String: a header that says what intervals are over, a line per group of neurons
        with 95 % intervals in brackets, and what the table leaves out.

    Example:

    >>> score = {"mean": 0.5, "interval": [0.4, 0.6], "median": 0.5, "missing": 0}
    >>> group = {"neurons": 7, "correlation": score, "cc_norm": score, "feve": score}
    >>> group |= {"no_ceiling": 0, "fraction_near_limit": 0.25}
    >>> group |= {"interval_over": "neurons and images", "estimated_near_limit": 0.1}
    >>> metrics = {"split": "test", "images": 9, "ceiling": "means"}
    >>> print(score_table(metrics | {"groups": {"reported": group}}))
    9 test images; ceiling from means; intervals: other neurons and images
    neurons              count   correlation           CC_norm          near limit
    reported                 7   0.500 [0.400, 0.600]  0.500 [0.400, 0.600]  25/10 %
    near limit: CC_norm of 0.9 or more, counted / with the noise taken out
    reported: median FEVE 0.500
    """
    groups = metrics["groups"]
    lines = [
        f"{metrics['images']} {metrics['split']} images;"
        f" ceiling from {metrics['ceiling']}"
    ]
    reported = next(iter(groups.values()))
    if "interval_over" in reported:
        lines[0] += f"; intervals: other {reported['interval_over']}"
    lines.append(
        f"{'neurons':<20} {'count':>5}   {'correlation':<20}  {'CC_norm':<16}"
        " near limit"
    )
    labels = short_names(groups, 20)
    for name, group in groups.items():
        correlation, cc_norm = _value(group["correlation"]), _value(group["cc_norm"])
        scores = (
            f"{labels[name]:<20} {group['neurons']:>5}   {correlation:<20} "
            f" {cc_norm:<20}"
        )
        near = f" {_near_limit(group)}"
        lines.append((scores + near.rjust(_WIDTH - len(scores))).rstrip())
    if reported.get("estimated_near_limit") is not None:
        lines.append(
            "near limit: CC_norm of 0.9 or more, counted / with the noise taken out"
        )
    lines += _further(groups.get("reported", {})) + _fano(metrics.get("fano", {}))
    return "\n".join(lines)


def _near_limit(group):
    """Return the percentages of neurons near their limit, empty if there are none."""
    fraction = group["fraction_near_limit"]
    if group["cc_norm"]["mean"] is None or fraction is None:
        return ""
    estimate = group.get("estimated_near_limit")
    if estimate is None:
        return f"{100 * fraction:.0f} %"
    return f"{100 * fraction:.0f}/{100 * estimate:.0f} %"


# Name of a metric -> how its value is said.
_FURTHER = {
    "feve": ("median", "median FEVE {:.3f}"),
    "single_trial_correlation": ("mean", "single-trial correlation {:.3f}"),
    "oracle": ("mean", "its oracle {:.3f}"),
    "deviance_explained": ("median", "median deviance explained {:.3f}"),
    "bits_per_spike": ("mean", "{:.2f} bits per spike"),
}


def _further(group):
    """Return the lines of further metrics of a group, two a line."""
    parts = []
    for name, (statistic, text) in _FURTHER.items():
        value = group.get(name, {}).get(statistic)
        if value is not None:
            parts.append(text.format(value))
    pairs = [", ".join(parts[i : i + 2]) for i in range(0, len(parts), 2)]
    return [f"reported: {pair}" for pair in pairs]


def _fano(facts):
    """Return lines on how ceilings from means depend on the Fano factor.

    The facts are those of one recording or model, or of several by their names.
    """
    if not facts or "assumed" in facts:
        return _fano_lines("", facts)
    labels = short_names(facts, 20)
    return [
        line
        for name, part in facts.items()
        for line in _fano_lines(f"{labels[name]}: ", part)
    ]


def _fano_lines(label, facts):
    lines = []
    if facts.get("cc_norm"):
        pairs = facts["cc_norm"].items()
        values = [f"{fano}: {value}" for fano, value in pairs if value is not None]
        lines.append(f"{label}CC_norm at a Fano factor of {', '.join(values)}")
        if facts["estimate"] is not None:
            origin, estimate = facts["estimated_from"], facts["estimate"]
            lines.append(f"{label}Fano factor from {origin}: {estimate:.2f}")
    return lines


def _value(score):
    """Return a mean and its interval, or "-" if there is none."""
    if score["mean"] is None:
        return "-"
    if not score["interval"]:
        return f"{score['mean']:.3f}"
    low, high = score["interval"]
    return f"{score['mean']:.3f} [{low:.3f}, {high:.3f}]"
