"""Parts of a page as HTML: tiles, checks, tables, pictures, plots.

Text of others becomes text, whatever is in it.
"""

import base64
import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import image as picture_file

from v1keras.io.terminal import printable
from v1keras.report.figures.style import COLORS, GREY, INK, figure_style


class Html(str):
    """Text that is HTML already."""


class Tile(NamedTuple):
    """A number that is taken in at a glance.

    Attributes:
        value: String, the number with its unit.
        label: String, its name.
        note: String, how sure it is, or what it is of.
    """

    value: str
    label: str
    note: str = ""


class Check(NamedTuple):
    """An answer to: can this be trusted?

    Attributes:
        passed: Boolean; None if it can't be told.
        finding: String, a sentence on what was found.
        advice: String, what to do next; empty if there is nothing to do.
    """

    passed: bool | None
    finding: str
    advice: str = ""


def as_html(text: str) -> Html:
    """Return text of others as HTML that shows it, control characters as escapes."""
    return Html(html.escape(printable(text)))


def tiles(entries: Sequence[Tile]) -> Html:
    """Return tiles, side by side."""
    parts = [
        f'<div class="tile"><strong>{as_html(entry.value)}</strong>'
        f"<span>{as_html(entry.label)}</span><small>{as_html(entry.note)}</small></div>"
        for entry in entries
    ]
    return Html(f'<div class="tiles">{"".join(parts)}</div>')


_MARKS = {True: ("good", "✓"), False: ("open", "!"), None: ("unknown", "?")}


def checks(entries: Sequence[Check]) -> Html:
    """Return a list of checks; those that did not pass come first."""
    order = {False: 0, None: 1, True: 2}
    parts = []
    for entry in sorted(entries, key=lambda entry: order[entry.passed]):
        name, mark = _MARKS[entry.passed]
        advice = f"<small>{as_html(entry.advice)}</small>" if entry.advice else ""
        parts.append(
            f'<li class="{name}"><i>{mark}</i>'
            f"<div>{as_html(entry.finding)}{advice}</div></li>"
        )
    return Html(f'<ul class="checks">{"".join(parts)}</ul>')


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """Return a table that scrolls where it is too wide.

    Args:
        headings: Sequence of strings.
        rows: Sequence of rows, each of as many cells; `Html` stands as it is.
    """
    head = [f'<th scope="col">{as_html(heading)}</th>' for heading in headings]
    body = []
    for row in rows:
        cells = [f"<td>{_markup(cell)}</td>" for cell in row]
        body.append(f"<tr>{''.join(cells)}</tr>")
    return scrolling(
        f"<table><thead><tr>{''.join(head)}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def scrolling(content: str) -> Html:
    """Return HTML that scrolls sideways where it is too wide for the page."""
    return Html(f'<div class="scroll" tabindex="0">{content}</div>')


def interval_bar(mean: float, interval: Sequence[float] | None) -> Html:
    """Return a bar from 0 to 1 with its interval as a line."""
    low, high = interval or (mean, mean)
    ends = [100 * float(np.clip(value, 0, 1)) for value in (mean, low, high)]
    style = f"--mean:{ends[0]:.0f}%;--low:{ends[1]:.0f}%;--high:{100 - ends[2]:.0f}%"
    return Html(f'<span class="bar" style="{style}"></span>')


def facts(entries: Mapping[str, str]) -> Html:
    """Return names and texts; `Html` stands as it is."""
    parts = [
        f"<dt>{as_html(name)}</dt><dd>{_markup(text)}</dd>"
        for name, text in entries.items()
    ]
    return Html(f'<dl class="facts">{"".join(parts)}</dl>')


def code(text: str) -> Html:
    """Return a command or a number of a version, in a font of equal widths."""
    return Html(f"<code>{as_html(text)}</code>")


def pictures(
    images: Sequence[np.ndarray] | np.ndarray,
    captions: Sequence[str],
    kind: str,
    limits: tuple[float, float] | None = None,
) -> Html:
    """Return captioned pictures.

    Args:
        images: Sequence of `(height, width)`.
        captions: Sequence of strings, one per picture, or empty strings.
        kind: String, what a picture shows.
        limits: Tuple of the values that are black and white; None to scale each picture
            to its own range around zero, which is grey.
    """
    parts = []
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        shown = picture(image, f"{kind} {caption or number}", limits)
        text = f"<figcaption>{as_html(caption)}</figcaption>" if caption else ""
        parts.append(f"<figure>{shown}{text}</figure>")
    return Html(f'<div class="pictures">{"".join(parts)}</div>')


def picture(
    image: np.ndarray, text: str, limits: tuple[float, float] | None = None
) -> Html:
    """Return an <img>, scaled to its own range around zero, or to `limits`."""
    size = float(np.abs(image).max()) or 1.0
    low, high = limits or (-size, size)
    buffer = io.BytesIO()
    picture_file.imsave(buffer, image, vmin=low, vmax=high, cmap="gray", format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return Html(f'<img alt="{as_html(text)}" src="data:image/png;base64,{data}">')


def plot(figure, text):
    """Return a figure as a drawing whose colors follow those of the page."""
    buffer = io.StringIO()
    with figure_style():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'<g id="[^"]*"', "<g", drawing)
    names = dict(zip(COLORS, [f"c{i}" for i in range(len(COLORS))], strict=True))
    for color, name in (names | {INK: "ink", GREY: "grey"}).items():
        drawing = re.sub(f"(fill|stroke): {color}", rf"\1: var(--{name})", drawing)
    label = f'<svg role="img" aria-label="{as_html(text)}"'
    return Html(f"<figure>{drawing.replace('<svg', label, 1)}</figure>")


def _markup(text):
    return text if isinstance(text, Html) else as_html(text)
