"""The table of inverted cells that an inversion prints."""

import numpy as np

from v1keras.io.terminal import one_line

# Columns with which the rate is compared, as the table names them.
_CONTROLS = {
    "best_image_rate_at_norm": "the best image at the same contrast",
    "best_image_rate": "the best image as it was shown",
    "best_gabor_rate": "the best Gabor",
    "best_center_surround_rate": "the best center-surround",
}
_EVALUATORS = {
    "judged": "other models respond to it",
    "half": "the other half of the networks responds to it",
}
# Cosines from which two stimuli are the same, and a stimulus is the true filter.
_SAME, _TRUE = 0.9, 0.8


def cell_table(columns: dict[str, np.ndarray], norm: float, rms: float) -> str:
    """Return the table of inverted cells, at most 80 characters wide.

    It counts the stimuli that pass each control, and the cells of each class.

    Args:
        columns: Dict of `(n,)` columns, as in `Cells.table`.
        norm: Float, norm of the stimuli's contrast in pixel units.
        rms: Float, root mean square of the contrast over the image.

    Example:

    >>> names = [
    ...     "best_gabor_rate",
    ...     "best_center_surround_rate",
    ...     "best_image_rate",
    ...     "best_image_rate_at_norm",
    ...     "second_cosine",
    ... ]
    >>> columns = {name: np.array([0.5, 4.0]) for name in names}
    >>> columns |= {"neuron": np.arange(2), "rate": np.array([1.0, 3.0])}
    >>> columns["class"] = np.array(["gabor", "gabor"])
    >>> columns["converged"] = np.array([True, True])
    >>> print(cell_table(columns, 400, 12.5))
    2 neurons inverted; 2 converged
    contrast norm 400 (RMS 12.5 grey levels); --contrast_norm sets another
    rate above that to                              neurons      median ratio
    the best image at the same contrast              1 of 2              1.38
    the best image as it was shown                   1 of 2              1.38
    the best Gabor                                   1 of 2              1.38
    the best center-surround                         1 of 2              1.38
    found again from other noise (cosine of 0.9 or more): 1 of 2
    classes: gabor 2
    """
    count = len(columns["neuron"])
    lines = [
        f"{count} neurons inverted; {int(columns['converged'].sum())} converged",
        f"contrast norm {norm:.0f} (RMS {rms:.1f} grey levels); --contrast_norm sets"
        " another",
        f"{'rate above that to':<40} {'neurons':>14} {'median ratio':>17}",
    ]
    lines += _control_lines(columns, count)
    same = int((columns["second_cosine"] >= _SAME).sum())
    lines.append(
        f"found again from other noise (cosine of {_SAME} or more): {same} of {count}"
    )
    classes, counts = np.unique(columns["class"], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    lines.append("classes: " + ", ".join(f"{classes[i]} {counts[i]}" for i in order))
    if "filter_cosine" in columns:
        lines += _filter_lines(columns)
    return "\n".join(lines)


def _control_lines(columns, count):
    """Return the lines on controls and on other models."""
    lines, rates = [], columns["rate"]
    for name, label in _CONTROLS.items():
        higher = f"{(rates > columns[name]).sum()} of {count}"
        ratio = np.median(rates / columns[name])
        lines.append(f"{label:<40} {higher:>14} {ratio:>17.2f}")
    for name, label in _EVALUATORS.items():
        if f"{name}_rate" in columns:
            higher = columns[f"{name}_rate"] > columns[f"{name}_best_image_rate"]
            lines.append(
                f"{label} more than to their best image: {higher.sum()} of {count}"
            )
    return lines


def _filter_lines(columns):
    """Return the lines on true filters, one per kind of simulated neuron."""
    lines = []
    for kind in np.unique(columns["kind"]):
        cosines = columns["filter_cosine"][columns["kind"] == kind]
        if np.isfinite(cosines).any():
            lines.append(
                f"true filter, {one_line(kind)}: median |cosine|"
                f" {np.median(cosines):.3f}, {(cosines >= _TRUE).mean():.0%} at"
                f" {_TRUE} or more"
            )
    return lines
