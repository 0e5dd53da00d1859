"""What the commands print: scores, and what was found of inverted cells."""

from typing import Any

import numpy as np

_BEATEN = {
    "best_image_rate_at_norm": "the best image at the same contrast",
    "best_image_rate": "the best image as it was shown",
    "best_gabor_rate": "the best Gabor",
    "best_center_surround_rate": "the best centre-surround",
}
_JUDGES = {
    "judged": "other models answer it",
    "half": "the other half of the networks answers it",
}


def score_table(metrics: dict[str, Any]) -> str:
    """The table that training and evaluation print, at most 80 columns wide.

    Args:
        metrics: as `v1keras.evaluate.evaluate` gives them.

    Returns:
        A header and a line for each group of neurons. In brackets the 95 % interval
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


def cell_table(
    columns: dict[str, np.ndarray], took: float, norm: float, rms: float
) -> str:
    """The table that an inversion prints, at most 80 columns wide: how many stimuli
    pass each control, and the classes.

    Args:
        columns: of `(n,)`, as `v1keras.cells.controls` and `physiology` give them, with
            `neuron`, `converged` and, where filters are known, `kind` and
            `filter_cosine`.
        took: seconds.
        norm: of the stimuli's contrast, pixel units.
        rms: the same, root mean square over the image.

    Example:

    >>> names = [
    ...     f"best_{name}rate" for name in ("gabor_", "center_surround_", "image_")
    ... ] + ["best_image_rate_at_norm", "second_cosine"]
    >>> columns = {name: np.array([0.5, 4.0]) for name in names} | {
    ...     "rate": np.array([1.0, 3.0]),
    ...     "class": np.array(["gabor", "gabor"]),
    ... }
    >>> print(
    ...     cell_table(
    ...         columns | {"neuron": np.arange(2), "converged": np.array([True, True])},
    ...         1.5,
    ...         400,
    ...         12.5,
    ...     )
    ... )
    2 neurons inverted in 1.5 s; 2 converged
    contrast norm 400 (RMS 12.5 grey levels); --contrast_norm takes another
    rate above that to                              neurons      median ratio
    the best image at the same contrast              1 of 2              1.38
    the best image as it was shown                   1 of 2              1.38
    the best Gabor                                   1 of 2              1.38
    the best centre-surround                         1 of 2              1.38
    found again from other noise (cosine of 0.9 or more): 1 of 2
    classes: gabor 2
    """
    count, rates = len(columns["neuron"]), columns["rate"]
    lines = [
        (
            f"{count} neurons inverted in {took:.1f} s;"
            f" {int(columns['converged'].sum())} converged"
        ),
        (
            f"contrast norm {norm:.0f} (RMS {rms:.1f} grey levels); --contrast_norm"
            " takes another"
        ),
        f"{'rate above that to':<40} {'neurons':>14} {'median ratio':>17}",
    ]
    for name, said in _BEATEN.items():
        share = f"{(rates > columns[name]).sum()} of {count}"
        lines.append(
            f"{said:<40} {share:>14} {np.median(rates / columns[name]):>17.2f}"
        )
    for name, said in _JUDGES.items():
        if f"{name}_rate" in columns:
            better = (
                columns[f"{name}_rate"] > columns[f"{name}_best_image_rate"]
            ).sum()
            lines.append(f"{said} more than their best image: {better} of {count}")
    lines.append(
        "found again from other noise (cosine of 0.9 or more):"
        f" {(columns['second_cosine'] >= 0.9).sum()} of {count}"
    )
    classes, counts = np.unique(columns["class"], return_counts=True)
    lines.append(
        "classes: "
        + ", ".join(
            f"{classes[i]} {counts[i]}" for i in np.argsort(-counts, kind="stable")
        )
    )
    if "filter_cosine" in columns:
        for kind in np.unique(columns["kind"]):
            known = columns["filter_cosine"][columns["kind"] == kind]
            if np.isfinite(known).any():
                lines.append(
                    f"true filter, {kind}: median |cosine| {np.median(known):.3f},"
                    f" {(known >= 0.8).mean():.0%} at 0.8 or more"
                )
    return "\n".join(lines)


def _value(score):
    if score["mean"] is None:
        return "-"
    interval = score["interval"]
    return f"{score['mean']:.3f}" + (
        f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
    )
