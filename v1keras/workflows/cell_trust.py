"""Can this be trusted? Checks of inverted cells."""

from collections.abc import Mapping

import numpy as np

from v1keras.report.elements import Check
from v1keras.workflows.check_words import UNPREDICTED, neurons_check

_SAME_STIMULUS = 0.9  # cosine


def cell_checks(table: Mapping[str, np.ndarray]) -> list[Check]:
    """Check inverted cells.

    Args:
        table: Dict of `(n,)` columns, as in `Cells.table`.

    Returns:
        List of `Check`s.
    """
    neurons, entries = table["neuron"], []
    rows = [
        (
            ~table["beats_best_image"],
            "a stimulus that does not drive the model more than the recording's best"
            " image at the same contrast",
            "Do not interpret these stimuli; try --restarts=5 or --contrast_norm.",
        ),
        (
            ~table["converged"],
            "a stimulus that would still change",
            "Raise --steps.",
        ),
        (
            table["second_cosine"] < _SAME_STIMULUS,
            "another stimulus when started from other noise",
            "Complex cells have many: compare the rates, not the pictures. Else raise"
            " --restarts.",
        ),
    ]
    for name, judge in {
        "half": "the other half of the networks",
        "judged": "judges",
    }.items():
        if f"{name}_rate" in table:
            rows.append(
                (
                    table[f"{name}_rate"] <= table[f"{name}_best_image_rate"],
                    f"a stimulus that {judge} respond to less than to their best image",
                    "Such a stimulus is one network's own: train more members"
                    " (--config.ensemble=5).",
                )
            )
    if "cc_norm" in table and np.isfinite(table["cc_norm"]).any():
        weak = table["cc_norm"] < UNPREDICTED
        finding = f"a CC_norm below {UNPREDICTED}: the model does not predict them"
        rows.append((weak, finding, "Leave them out: --neurons=near-limit."))
    for chosen, finding, advice in rows:
        entries.append(neurons_check(neurons, chosen, finding, advice))
    return entries
