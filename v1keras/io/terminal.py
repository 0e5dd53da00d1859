"""Text of others, such as the name of a recording, as a terminal can show it."""

import sys
import unicodedata
from collections.abc import Iterable
from typing import TextIO


def say(text: object, file: TextIO | None = None, head: str = "") -> None:
    """Print text of several lines, of which parts may come from files.

    Args:
        text: Object, whose text is printed; see `printable`.
        file: Text stream; None for stdout.
        head: String of our own, printed before it as it is.
    """
    print(head + printable(str(text)), file=file or sys.stdout, flush=True)


def printable(text: str) -> str:
    r"""Return text with what a terminal would obey, or not show, as escapes.

    That is all but letters, signs, spaces, line breaks and tabs: control characters,
    and marks that turn the direction of writing.

    Example:

    >>> print(printable("Mäuse \x1b[31m \u202e"))
    Mäuse \x1b[31m \u202e
    """
    return "".join(
        character if _is_shown(character) else ascii(character)[1:-1]
        for character in text
    )


def _is_shown(character):
    shown = character.isprintable() or character in "\n\t"
    return shown or unicodedata.category(character) == "Zs"


def one_line(text: object) -> str:
    """Return text on one line, with control characters as escapes.

    Example:

    >>> one_line("mouse\\n1")
    'mouse 1'
    """
    return printable(" ".join(str(text).split()))


def short_names(names: Iterable[str], width: int) -> dict[str, str]:
    """Return different names as different labels that a column has room for.

    Args:
        names: Iterable of strings that differ.
        width: Integer, largest length of a label, 8 or more. Longer names lose their
            middle; those that would then be alike are numbered.

    Returns:
        Dict, name -> label.

    Example:

    >>> list(short_names(["ab", "a night in May", "a night in all May"], 9).values())
    ['ab', 'a n....~1', 'a n....~2']
    """
    names = list(names)
    labels = {name: _shortened(one_line(name), width) for name in names}
    counts: dict[str, int] = {}
    for label in labels.values():
        counts[label] = counts.get(label, 0) + 1
    number = 0
    for name, label in labels.items():
        if counts[label] > 1:
            number += 1
            end = f"...~{number}"
            labels[name] = label[: width - len(end)] + end
    return labels


def _shortened(name, width):
    if len(name) <= width:
        return name
    head = (width - 3) // 2
    return f"{name[:head]}...{name[head + 3 - width :]}"
