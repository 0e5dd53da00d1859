"""Text of others, such as the name of a recording, as a terminal can show it."""

import unicodedata
from collections.abc import Iterable


def printable(text: str) -> str:
    """Return text without control characters but line breaks and tabs.

    A terminal would obey them.

    Example:

    >>> printable("red: \\x1b[31m")
    'red: [31m'
    """
    return "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) != "Cc"
    )


def one_line(text: object) -> str:
    """Return text on one line, without control characters.

    Example:

    >>> one_line("mouse\\n1")
    'mouse 1'
    """
    return " ".join(printable(str(text)).split())


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
    ['ab', 'a ni...~1', 'a ni...~2']
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
