"""The table of inverted cells that an inversion prints."""

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


def cell_table(columns: dict[str, np.ndarray], norm: float, rms: float) -> str:
    """Return the table of inverted cells, at most 80 columns wide.

    It says how many stimuli pass each control, and how many cells are of each class.

    Args:
        columns: Dict of `(n,)` columns, as `Cells.table` holds them.
        norm: Float, norm of the stimuli's contrast in pixel units.
        rms: Float, the same as root mean square over the image.

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
    ...         400,
    ...         12.5,
    ...     )
    ... )
    2 neurons inverted; 2 converged
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
        (f"{count} neurons inverted; {int(columns['converged'].sum())} converged"),
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
