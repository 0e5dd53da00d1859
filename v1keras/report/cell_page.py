"""The page of inverted cells."""

import base64
import io
import os
import pathlib
from collections.abc import Mapping

import numpy as np
from matplotlib import image as picture_file

from v1keras.io.atomic import atomic_write
from v1keras.report.cell_figures import write_cell_figures
from v1keras.report.page import STYLE, as_html

_STYLE = """
body { max-width: 75rem; }
main { max-width: none; }
table { border-collapse: collapse; font-size: 14px; }
td, th { padding: .2rem .5rem; text-align: right; }
th { vertical-align: bottom; }
tbody tr:nth-child(odd) { background: #8881; }
.scroll { overflow-x: auto; }
.low { color: #c33; font-weight: bold; }
th button { font: inherit; border: 0; background: none; color: inherit;
  cursor: pointer; text-decoration: underline dotted; }
td img { width: 66px; image-rendering: pixelated; border-radius: 0; }
.gallery { display: flex; flex-wrap: wrap; gap: .3rem; }
.gallery a { text-decoration: none; color: inherit; font-size: 11px;
  text-align: center; }
.gallery img { display: block; width: 66px; image-rendering: pixelated; }
figure { display: inline-block; margin: .2rem; }
figcaption { font-size: 11px; text-align: center; }
svg { width: 110px; height: 60px; }
svg polyline { fill: none; stroke: currentColor; stroke-width: 1.5; }
details { text-align: left; }
td summary { white-space: nowrap; }
td details > div { position: absolute; right: 2rem; z-index: 1;
  max-width: calc(100% - 4rem); padding: .5rem; background: Canvas;
  border: 1px solid #8886; border-radius: .3rem; }
"""
_SCRIPT = """
const body = document.querySelector('tbody'), rows = [...body.rows];
const choice = document.querySelector('select');
let last = null, up = 1;
function sortBy(button, i) {
  up = last === i ? -up : 1;
  last = i;
  const column = button.closest('th').cellIndex;
  const value = row => row.cells[column].dataset.value;
  rows.sort((a, b) => {
    const x = value(a), y = value(b), difference = Number(x) - Number(y);
    return up * (isNaN(difference) ? x.localeCompare(y) : difference);
  });
  body.append(...rows);
}
document.querySelectorAll('th button').forEach(
  (button, i) => button.addEventListener('click', () => sortBy(button, i)));
choice.addEventListener('change', () => rows.forEach(row => {
  row.hidden = choice.value && row.dataset.class !== choice.value;
}));
choice.closest('p').hidden = false;
"""


_RED = (
    "A red rate does not exceed that to the best image of the recording at the"
    " stimulus's contrast: do not trust such a stimulus. Rates are expected spikes per"
    " presentation."
)


def write_cells(
    folder: str | os.PathLike[str],
    about: str,
    text: str,
    patterns: np.ndarray,
    fields: np.ndarray,
    curves: dict[str, tuple[np.ndarray, np.ndarray]],
    columns: dict[str, np.ndarray],
    meanings: Mapping[str, str],
) -> None:
    """Write the page, the figures and the TensorBoard images of inverted cells.

    They are report.html, which needs no other file and can be read without JavaScript,
    gallery.png, tuning.png and tensorboard/.

    Args:
        folder: Folder to write to.
        about: String, one line on the model and the objective.
        text: String, the summary.
        patterns: `(n, height, width)` stimuli, zero at grey.
        fields: `(n, height, width)` gradient fields.
        curves: Dict, label of a grating's parameter -> tuple of values and rates, each
            `(n, k)`.
        columns: Dict of `(n,)` columns: `neuron`, `class`, `rate`,
            `best_image_rate_at_norm`, `beats_best_image`, and others.
        meanings: Dict, name of a column -> its meaning, in the order of the page's
            table. Those that do not exist are left out.

    Raises:
        OSError: A file can't be written.
    """
    folder = pathlib.Path(folder)
    names = [str(neuron) for neuron in columns["neuron"]]
    stimuli, gradients = [], []
    for name, pattern, field in zip(names, patterns, fields, strict=True):
        stimuli.append(_picture(pattern, -1, f"stimulus of neuron {name}"))
        gradients.append(_picture(field, 0, f"gradient field of neuron {name}"))
    present = {name: text for name, text in meanings.items() if name in columns}
    rows = []
    for i, name in enumerate(names):
        figures = _figures(stimuli[i], gradients[i], curves, i)
        values = {key: columns[key][i] for key in present}
        low = not columns["beats_best_image"][i]
        rows.append(
            _row(name, str(columns["class"][i]), values, low, stimuli[i], figures)
        )
    classes = columns["class"].astype(str)
    body = [
        f"<h1>Preferred stimuli</h1><p>{as_html(about)}</p>",
        f"<h2>Summary</h2><pre>{as_html(text)}</pre>",
        *_galleries(names, classes, stimuli),
        _table(rows, present, classes),
    ]
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Preferred stimuli</title><style>{STYLE}{_STYLE}</style>"
    )
    with atomic_write(folder / "report.html") as temporary:
        temporary.write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>\n'
            + "\n".join(body)
            + f"<script>{_SCRIPT}</script></body></html>\n",
            "utf-8",
        )
    write_cell_figures(folder, patterns, fields, curves, columns)


def _galleries(names, classes, stimuli):
    """Return a heading and the linked stimuli of each class."""
    sections = []
    for name in sorted(set(classes)):
        members = np.flatnonzero(classes == name)
        links = [
            f'<a href="#cell-{names[i]}">{stimuli[i]}{names[i]}</a>' for i in members
        ]
        sections.append(
            f"<h2>{as_html(name)}: {len(members)}</h2>"
            f'<div class="gallery">{"".join(links)}</div>'
        )
    return sections


def _table(rows, meanings, classes):
    """Return the table of all cells, with the meanings of its columns."""
    headings = ["neuron", *meanings]
    headings = [name.replace("_", " ") for name in headings]
    head = [
        f'<th scope="col"><button>{as_html(name)}</button></th>' for name in headings
    ]
    terms = []
    for name, meaning in meanings.items():
        term = name.replace("_", " ")
        terms.append(f"<dt>{term}</dt><dd>{as_html(meaning)}</dd>")
    options = [f"<option>{as_html(name)}</option>" for name in sorted(set(classes))]
    return (
        f"<h2>All cells</h2><p>{_RED}</p>"
        "<details><summary>What the columns mean</summary>"
        f"<dl>{''.join(terms)}</dl></details>"
        '<p hidden><label>Class <select><option value="">all</option>'
        f"{''.join(options)}</select></label></p>"
        f'<div class="scroll"><table><thead><tr>{"".join(head)}'
        '<th scope="col">stimulus, gradient field, tuning</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(name, kind, values, low, stimulus, figures):
    """Return a row of the table; a low rate is marked."""
    cells = [f'<td data-value="{name}">{name}</td>']
    for key, value in values.items():
        text = as_html(_written(value))
        mark = ' class="low"' if low and key == "rate" else ""
        cells.append(f'<td{mark} data-value="{text or "-1e9"}">{text}</td>')
    cells.append(
        f'<td><details name="cell"><summary>{stimulus}</summary>'
        f"<div>{figures}</div></details></td>"
    )
    kind = as_html(kind)
    return f'<tr id="cell-{name}" data-class="{kind}">{"".join(cells)}</tr>'


def _written(value):
    if isinstance(value, str):
        return str(value)
    return "" if np.isnan(value) else f"{value:.3g}"


def _figures(stimulus, gradient, curves, i):
    """Return the pictures and the tuning curves of a cell."""
    parts = [
        f"<figure>{stimulus}<figcaption>stimulus</figcaption></figure>",
        f"<figure>{gradient}<figcaption>gradient</figcaption></figure>",
    ]
    for label, (values, rates) in curves.items():
        parts.append(_curve(label, values[i], rates[i]))
    return "".join(parts)


def _curve(label, values, rates):
    """Return a tuning curve as a drawing; rates range from 0 to the highest."""
    top, span = max(float(np.max(rates)), 1e-9), max(float(np.ptp(values)), 1e-9)
    points = []
    for value, rate in zip(values, rates, strict=True):
        x, y = 100 * (value - values[0]) / span + 5, 55 - 50 * rate / top
        points.append(f"{x:.1f},{y:.1f}")
    title = (
        f"rate over {label}, from {values[0]:.3g} to {values[-1]:.3g}; highest"
        f" {top:.3g} at {values[np.argmax(rates)]:.3g}"
    )
    caption = f"{label}<br>{values[0]:.3g} to {values[-1]:.3g}, top {top:.2g}"
    return (
        f'<figure><svg viewBox="0 0 110 60" role="img" aria-label="{title}">'
        f'<title>{title}</title><polyline points="{" ".join(points)}"/></svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _picture(pattern, low, text):
    """Return an <img> of a pattern, from `low` times its largest value to that."""
    size = np.abs(pattern).max() or 1
    buffer = io.BytesIO()
    picture_file.imsave(
        buffer, pattern, vmin=low * size, vmax=size, cmap="gray", format="png"
    )
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{text}" src="data:image/png;base64,{data}">'
