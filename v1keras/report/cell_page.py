"""The page, the pictures and the TensorBoard images of inverted cells."""

import base64
import html
import io
import os
import pathlib

import numpy as np
import tensorflow as tf
from matplotlib import image as picture_file
from matplotlib import pyplot

from v1keras.io.atomic import atomic_write
from v1keras.report import figures
from v1keras.report.page import STYLE

_CURVES = {
    "orientation_deg": "orientation (deg)",
    "frequency": "cycles / pixel",
    "radius": "radius (pixels)",
    "phase_deg": "phase (deg)",
    "contrast": "contrast",
}
# Columns of the table, with what each means.
_SHOWN = {
    "class": "by the stimulus: see the rule in v1keras.characterization.classify",
    "rate": "to the stimulus, expected spikes per presentation",
    "best_image_rate_at_norm": (
        "to the best image of the recording at the stimulus's contrast"
    ),
    "best_image_rate": "to the best image of the recording as it was shown",
    "best_gabor_rate": "to the best Gabor at the stimulus's contrast",
    "best_center_surround_rate": (
        "to the best difference of Gaussians at the stimulus's contrast"
    ),
    "start_rate": "to the noise that the ascent started from",
    "second_cosine": "of the stimulus found from other noise with this one",
    "judged_rate": "that other models predict for the stimulus",
    "judged_best_image_rate": (
        "that they predict for their best image of the recording at that contrast"
    ),
    "half_rate": (
        "that one half of the ensemble's networks predicts for a stimulus made in the"
        " other half"
    ),
    "half_best_image_rate": (
        "that it predicts for its best image of the recording at that contrast"
    ),
    "cc_norm": "how well the model predicts the neuron, 1 = its limit",
    "orientation_selectivity": "1 - circular variance over gratings",
    "f1_f0": "modulation by a drifting grating; above 1: simple",
    "surround_suppression": "share of the best rate that the largest grating loses",
}
_PAGE = """
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


def write_cells(
    folder: str | os.PathLike[str],
    about: str,
    text: str,
    patterns: np.ndarray,
    fields: np.ndarray,
    curves: dict[str, tuple[np.ndarray, np.ndarray]],
    columns: dict[str, np.ndarray],
) -> None:
    """Writes report.html, which needs nothing but itself and can be read without
    JavaScript, gallery.png, tuning.png and TensorBoard's events.

    Args:
        folder: to write to.
        about: one line: which model, what was made large.
        text: the summary.
        patterns: `(n, height, width)` stimuli, zero at grey.
        fields: `(n, height, width)` gradient fields.
        curves: dict from a grating's parameter to `(values, rates)`, each `(n, k)`.
        columns: dict of `(n,)` columns: `neuron`, `class`, `beats_best_image`, and what
            is known of those that the table shows.
    """
    folder, names = pathlib.Path(folder), [str(neuron) for neuron in columns["neuron"]]
    stimuli = [
        _picture(pattern, -1, f"stimulus of neuron {name}")
        for name, pattern in zip(names, patterns, strict=True)
    ]
    looks = [
        _picture(field, 0, f"gradient field of neuron {name}")
        for name, field in zip(names, fields, strict=True)
    ]
    shown = {name: meaning for name, meaning in _SHOWN.items() if name in columns}
    body = [
        f"<h1>Preferred stimuli</h1><p>{html.escape(about)}</p>"
        f"<h2>Summary</h2><pre>{html.escape(text)}</pre>"
    ]
    for kind in dict.fromkeys(sorted(columns["class"])):
        of_kind = np.flatnonzero(columns["class"] == kind)
        links = "".join(
            f'<a href="#cell-{names[i]}">{stimuli[i]}{names[i]}</a>' for i in of_kind
        )
        body.append(
            f"<h2>{html.escape(str(kind))}: {len(of_kind)}</h2><div"
            f' class="gallery">{links}</div>'
        )
    meanings = "".join(
        f"<dt>{name.replace('_', ' ')}</dt><dd>{html.escape(meaning)}</dd>"
        for name, meaning in shown.items()
    )
    kinds = "".join(
        f"<option>{html.escape(kind)}</option>"
        for kind in sorted(set(map(str, columns["class"])))
    )
    heads = "".join(
        f'<th scope="col"><button>{name.replace("_", " ")}</button></th>'
        for name in ("neuron", *shown)
    )
    rows = "".join(
        _row(i, names[i], stimuli[i], looks[i], shown, columns, curves)
        for i in range(len(names))
    )
    body.append(
        "<h2>Every cell</h2><p>A red rate is one that does not beat the best image of"
        " the recording at the stimulus's contrast: such a stimulus is "
        "not to be believed. Rates are expected spikes per"
        " presentation.</p><details><summary>What the columns"
        f" mean</summary><dl>{meanings}</dl>"
        "</details><p hidden><label>Class <select><option"
        f' value="">all</option>{kinds}</select></label></p><div'
        ' class="scroll"><table><thead><tr>'
        f'{heads}<th scope="col">stimulus, gradient field,'
        f" tuning</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
    head = (
        '<meta charset="utf-8"><meta name="viewport"'
        ' content="width=device-width"><title>Preferred'
        f" stimuli</title><style>{STYLE}{_PAGE}</style>"
    )
    top = f'<!doctype html><html lang="en"><head>{head}</head><body>\n'
    with atomic_write(folder / "report.html") as beside:
        beside.write_text(
            top + "\n".join(body) + f"<script>{_SCRIPT}</script></body></html>\n"
        )
    _write_pictures(folder, names, patterns, fields, curves, columns)


def _row(i, name, stimulus, look, shown, columns, curves):
    cells = [f'<td data-value="{name}">{name}</td>']
    for key in shown:
        value = columns[key][i]
        written = (
            str(value)
            if isinstance(value, str)
            else ""
            if np.isnan(value)
            else f"{value:.3g}"
        )
        low = (
            ' class="low"'
            if key == "rate" and not columns["beats_best_image"][i]
            else ""
        )
        cells.append(
            f'<td{low} data-value="{html.escape(written or "-1e9")}">'
            f"{html.escape(written)}</td>"
        )
    drawn = "".join(
        _curve(label, curves[key][0][i], curves[key][1][i])
        for key, label in _CURVES.items()
    )
    pictures = (
        f"<figure>{stimulus}<figcaption>stimulus</figcaption></figure>"
        f"<figure>{look}<figcaption>gradient</figcaption></figure>"
    )
    cells.append(
        f'<td><details name="cell"><summary>{stimulus}</summary>'
        f"<div>{pictures}{drawn}</div></details></td>"
    )
    return (
        f'<tr id="cell-{name}"'
        f' data-class="{html.escape(str(columns["class"][i]))}">{"".join(cells)}</tr>'
    )


def _curve(label, values, rates):
    """A tuning curve as a drawing of its own; the rates from 0 up to the highest, which
    is written out.
    """
    top, span = max(float(np.max(rates)), 1e-9), max(float(np.ptp(values)), 1e-9)
    points = " ".join(
        f"{100 * (v - values[0]) / span + 5:.1f},{55 - 50 * r / top:.1f}"
        for v, r in zip(values, rates, strict=True)
    )
    said = (
        f"rate over {label}, from {values[0]:.3g} to {values[-1]:.3g}; highest"
        f" {top:.3g} at {values[np.argmax(rates)]:.3g}"
    )
    return (
        '<figure><svg viewBox="0 0 110 60" role="img"'
        f' aria-label="{said}"><title>{said}</title><polyline'
        f' points="{points}"/></svg><figcaption>{label}<br>{values[0]:.3g} to'
        f" {values[-1]:.3g}, top {top:.2g}</figcaption></figure>"
    )


def _picture(pattern, low, text):
    """Return an <img> of a pattern: grey from `low` times its largest value to that."""
    size = np.abs(pattern).max() or 1
    buffer = io.BytesIO()
    picture_file.imsave(
        buffer, pattern, vmin=low * size, vmax=size, cmap="gray", format="png"
    )
    return (
        f'<img alt="{text}"'
        f' src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
    )


def _write_pictures(folder, names, patterns, fields, curves, columns):
    order = np.lexsort((columns["neuron"], columns["class"]))
    captions = []
    for i in order:
        known = (
            f"  cos {columns['filter_cosine'][i]:.2f}"
            if np.isfinite(columns.get("filter_cosine", [np.nan] * len(names))[i])
            else ""
        )
        captions.append(
            f"{names[i]}: {columns['rate'][i]:.1f} /"
            f" {columns['best_image_rate_at_norm'][i]:.1f}{known}"
        )
    drawn = {
        "gallery": figures.gallery(
            patterns[order], captions, columns=8 if len(captions) <= 64 else 16
        )
    }
    best = [
        np.flatnonzero(columns["class"] == kind)
        for kind in dict.fromkeys(columns["class"][order])
    ]
    first = [
        of_kind[
            np.argmax(
                columns["rate"][of_kind] / columns["best_image_rate_at_norm"][of_kind]
            )
        ]
        for of_kind in best
    ]
    shown = [
        (
            f"{names[i]}, {columns['class'][i]}",
            {"stimulus": patterns[i], "gradient field": fields[i]},
            {
                label: (curves[key][0][i], curves[key][1][i])
                for key, label in _CURVES.items()
            },
        )
        for i in first
    ]
    drawn["tuning"] = figures.tuning_curves(shown)
    with tf.summary.create_file_writer(str(folder / "tensorboard")).as_default(step=0):
        tf.summary.image("stimuli", figures.tile(patterns[order])[None, ..., None])
        tf.summary.image(
            "gradient_fields", figures.tile(fields[order])[None, ..., None]
        )
    for name, figure in drawn.items():
        with atomic_write(folder / f"{name}.png") as beside:
            figure.savefig(beside, dpi=110)
        pyplot.close(figure)
