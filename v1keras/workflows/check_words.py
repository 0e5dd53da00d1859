"""Checks in words: which neurons have a flaw, and what a command prints."""

import textwrap
from collections.abc import Sequence

from v1keras.io.terminal import one_line
from v1keras.report.elements import Check

UNPREDICTED = 0.3  # a neuron with a lower CC_norm is not predicted
_NAMED = 5  # neurons that a sentence names


def cautions(checks: Sequence[Check]) -> list[str]:
    """Return the lines of the checks that did not pass, as a command prints them.

    Example:

    >>> cautions([Check(True, "Fine."), Check(False, "3 of 9 fail.", "Repeat.")])
    ['caution: 3 of 9 fail. Repeat.']
    """
    lines = []
    for check in checks:
        if check.passed is False:
            text = f"caution: {one_line(check.finding)} {check.advice}"
            lines += textwrap.wrap(text, 79, subsequent_indent="  ")
    return lines


def neurons_check(neurons, chosen, finding, advice):
    """Return the check that no neuron has a flaw."""
    if not chosen.any():
        return Check(True, f"No neuron has {finding}.")
    has = f"{count_of(chosen, len(neurons))} {'has' if chosen.sum() == 1 else 'have'}"
    return Check(False, f"{has} {finding}: {first_of(neurons[chosen])}.", advice)


def count_of(chosen, count):
    return f"{int(chosen.sum())} of {count} neurons"


def first_of(names):
    """Return the first names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
