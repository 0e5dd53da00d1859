"""The page of inverted cells."""

import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from v1keras.report.cell_figures import (
    gallery_of,
    times_best_image,
    tuning_of,
    write_event_files,
)
from v1keras.report.elements import (
    Check,
    Html,
    Tile,
    as_html,
    picture,
    scrolling,
)
from v1keras.report.figures import save_figure, stimulus_against_best_image
from v1keras.report.page import Page, asset

_CONTROL = (
    "Each marker is a cell. Above the grey line, the stimulus drives the model more"
    " than any image of the recording at the same contrast does."
)
_GALLERIES = (
    "The stimulus that each neuron of the model prefers, by the class of the cell. A"
    " click opens its gradient field, tuning and scores. A dashed frame: the stimulus"
    " does not beat the recording's best image; do not interpret it."
)
_ALL = (
    "A click on a heading sorts. Rates are expected spikes per presentation; a marked"
    " rate does not exceed that to the recording's best image at the same contrast."
)


def write_cells(
    folder: str | os.PathLike[str],
    about: str,
    patterns: np.ndarray,
    fields: np.ndarray,
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    columns: Mapping[str, np.ndarray],
    headings: Mapping[str, tuple[str, str]],
    trust: Sequence[Check] = (),
    kind: str | None = None,
) -> list[str]:
    """Write the page, the figures and the TensorBoard images of inverted cells.

    They are report.html, which needs no other file and can be read without JavaScript,
    gallery.png, tuning.png and tensorboard/.

    Args:
        folder: Folder to write to.
        about: String, a sentence on the model and the objective.
        patterns: `(n, height, width)` stimuli, zero at grey.
        fields: `(n, height, width)` gradient fields.
        curves: Dict, label of a grating's parameter -> tuple of values and rates, each
            `(n, k)`.
        columns: Dict of `(n,)` columns: `neuron`, `class`, `rate`,
            `best_image_rate_at_norm`, `beats_best_image`, `converged`, and others.
        headings: Dict, name of a column -> tuple of its heading and meaning, in the
            order of the page's table. Those that do not exist are left out.
        trust: Sequence of `Check`s.
        kind: String, format of the figures' own files, or None for none.

    Returns:
        List of strings, names of the files.

    Raises:
        OSError: A file can't be written.
    """
    folder = pathlib.Path(folder)
    present = {name: texts for name, texts in headings.items() if name in columns}
    page = Page("Preferred stimuli", about, _found(columns), trust, asset("cells.css"))
    page.add(
        "Cells by class",
        _GALLERIES,
        _galleries(patterns, fields, curves, columns, present),
    )
    add_control(page, columns)
    page.add("All cells", _ALL, _table(columns, present))
    page.figures["gallery"] = gallery_of(patterns, columns)
    page.figures["tuning"] = tuning_of(patterns, fields, curves, columns)
    written = page.save(folder / "report.html", kind)
    for name in ("gallery", "tuning"):
        save_figure(page.figures[name], folder / f"{name}.png")
    write_event_files(folder / "tensorboard", patterns, fields, columns)
    return [*written, "gallery.png", "tuning.png"]


def add_control(page: Page, columns: Mapping[str, np.ndarray]) -> None:
    """Add the plot of the rates to the stimuli against those to the best images.

    Args:
        page: `Page`.
        columns: Dict of `(n,)` columns, as for `write_cells`.
    """
    figure = stimulus_against_best_image(columns)
    page.add_plots("Stimuli and images", _CONTROL, {"best_image": figure})


def _found(columns):
    """Return the tiles of what was found."""
    count = len(columns["neuron"])
    better = int(columns["beats_best_image"].sum())
    ratios = times_best_image(columns)
    ratio = "can't tell"
    if np.isfinite(ratios).any():
        ratio = f"{np.nanmedian(ratios):.2f} ×"
    note = f"{int(columns['converged'].sum())} of {count} ascents converged"
    entries = [
        Tile(str(count), "neurons inverted", note),
        Tile(f"{better} of {count}", "beat the best image", "at the same contrast"),
        Tile(ratio, "the best image's rate", "median over neurons"),
    ]
    names, counts = np.unique(columns["class"].astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    text = ", ".join(f"{names[i]} {counts[i]}" for i in order)
    label = "class" if len(names) == 1 else "classes"
    return [*entries, Tile(str(len(names)), label, text)]


def _galleries(patterns, fields, curves, columns, present):
    """Return the stimuli of each class, the largest class first."""
    classes = columns["class"].astype(str)
    names, counts = np.unique(classes, return_counts=True)
    parts = []
    for k in np.argsort(-counts, kind="stable"):
        cells = []
        for i in np.flatnonzero(classes == names[k]):
            panel = _panel(fields[i], curves, columns, present, i)
            cells.append(_cell(patterns[i], panel, columns, i))
        parts.append(f"<h3>{as_html(names[k])}: {counts[k]}</h3>")
        parts.append(f'<div class="gallery">{"".join(cells)}</div>')
    return Html("".join(parts))


def _cell(pattern, panel, columns, i):
    """Return a thumbnail that opens."""
    neuron = columns["neuron"][i]
    low = "" if columns["beats_best_image"][i] else ' class="low"'
    shown = picture(pattern, f"stimulus of neuron {neuron}")
    return (
        f'<details id="cell-{neuron}" name="cell"{low}>'
        f"<summary>{shown}neuron {neuron}</summary>{panel}</details>"
    )


def _panel(field, curves, columns, present, i):
    """Return what opens: gradient field, tuning curves, numbers."""
    neuron = columns["neuron"][i]
    highest = float(np.abs(field).max()) or 1.0
    shown = picture(field, f"gradient field of neuron {neuron}", (0.0, highest))
    parts = [f"<figure>{shown}<figcaption>gradient field</figcaption></figure>"]
    for label, (values, rates) in curves.items():
        parts.append(_curve(label, values[i], rates[i]))
    numbers = []
    for name, (heading, _) in present.items():
        text = _written(columns[name][i])
        if text:
            numbers.append(
                f"<div><dt>{as_html(heading)}</dt><dd>{as_html(text)}</dd></div>"
            )
    parts.append(f'<dl class="facts">{"".join(numbers)}</dl>')
    return f'<div class="panel">{"".join(parts)}</div>'


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
    caption = f"{label}<br>{values[0]:.3g} to {values[-1]:.3g}, highest {top:.2g}"
    return (
        f'<figure><svg viewBox="0 0 110 60" role="img" aria-label="{title}">'
        f'<title>{title}</title><line x1="5" y1="56" x2="105" y2="56"/>'
        f'<polyline points="{" ".join(points)}"/></svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(columns, present):
    """Return the table of all cells, with the meanings of its columns."""
    headings = {"neuron": ("neuron", "index of the neuron")} | present
    head, terms = [], []
    for heading, meaning in headings.values():
        head.append(f'<th scope="col"><button>{as_html(heading)}</button></th>')
        terms.append(f"<dt>{as_html(heading)}</dt><dd>{as_html(meaning)}</dd>")
    rows = [_row(columns, present, i) for i in range(len(columns["neuron"]))]
    classes = np.unique(columns["class"].astype(str))
    options = [f"<option>{as_html(name)}</option>" for name in classes]
    return Html(
        "<details><summary>What the columns mean</summary>"
        f'<dl class="facts">{"".join(terms)}</dl></details>'
        '<p hidden><label>Class <select><option value="">all</option>'
        f"{''.join(options)}</select></label></p>"
        + scrolling(
            f"<table><thead><tr>{''.join(head)}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
        + f"<script>{asset('cells.js')}</script>"
    )


def _row(columns, present, i):
    """Return a row of the table; a low rate is marked."""
    neuron, low = columns["neuron"][i], not columns["beats_best_image"][i]
    cells = [f'<td data-value="{neuron}"><a href="#cell-{neuron}">{neuron}</a></td>']
    for name in present:
        text = as_html(_written(columns[name][i]))
        mark = ' class="low value"' if low and name == "rate" else ""
        cells.append(f'<td{mark} data-value="{text or "-1e9"}">{text}</td>')
    kind = as_html(str(columns["class"][i]))
    return f'<tr id="row-{neuron}" data-class="{kind}">{"".join(cells)}</tr>'


def _written(value):
    if isinstance(value, str):
        return str(value)
    return "" if np.isnan(value) else f"{value:.3g}"
