"""Tiles, tables and plots of scores, for the pages that show some."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from v1keras.report import figures
from v1keras.report.elements import Html, Tile, as_html, interval_bar, table
from v1keras.report.page import Page

_SCORES = (
    "Correlation of predicted rates with measured responses. CC_norm divides it by the"
    " highest that the neuron's noise allows: 1 is the limit. Means over neurons; the"
    " 95 % interval is for other {over}."
)
_LIMIT = (
    "Left: each dot is a neuron, its correlation against the highest that its noise"
    " allows; on the line there is nothing left to predict. Right: the ratio of both."
)


def score_tiles(metrics: Mapping[str, Any]) -> list[Tile]:
    """Return what was found at a glance: the scores of the first group of neurons.

    Args:
        metrics: Dict, as `Scores.metrics` returns it.
    """
    group = next(iter(metrics["groups"].values()))
    entries = []
    if group["cc_norm"]["mean"] is not None:
        entries.append(
            Tile(
                f"{100 * group['cc_norm']['mean']:.0f} %",
                "of the predictable correlation",
                f"CC_norm {_with_interval(group['cc_norm'])}",
            )
        )
    if group["correlation"]["mean"] is not None:
        interval = _interval(group["correlation"])
        note = f"95 % interval {interval}" if interval else "mean over neurons"
        entries.append(Tile(f"{group['correlation']['mean']:.2f}", "correlation", note))
    near = group.get("estimated_near_limit")
    if group["cc_norm"]["mean"] is not None and near is not None:
        note = "estimated share with CC_norm of 0.9 or more"
        entries.append(Tile(f"{100 * near:.0f} %", "of neurons near the limit", note))
    images = f"on {metrics['images']} {metrics['split']} images"
    entries.append(Tile(f"{group['neurons']:,}", "neurons", images))
    return entries


def add_scores(
    page: Page, metrics: Mapping[str, Any], columns: Mapping[str, np.ndarray]
) -> None:
    """Add the table of scores and, where a ceiling is known, its plots.

    Args:
        page: `Page`.
        metrics: Dict, as `Scores.metrics` returns it.
        columns: Dict of `(neurons,)` columns `correlation`, `cc_max` and `cc_norm`.
    """
    known = metrics["ceiling"] != "none"
    over = next(iter(metrics["groups"].values())).get("interval_over", "neurons")
    page.add("Scores", _SCORES.format(over=over), _table(metrics, known))
    if known:
        drawn = {
            "ceilings": figures.ceilings_reached(columns),
            "cc_norm": figures.cc_norm_histogram(columns),
        }
        page.add_plots("Against the limit", _LIMIT, drawn)


def _table(metrics, known):
    headings = ["group of neurons", "neurons", "correlation"]
    if known:
        headings += ["CC_norm", "from 0 to the limit", "near the limit"]
    rows = []
    for name, group in metrics["groups"].items():
        row = [name, f"{group['neurons']:,}", _score(group["correlation"])]
        if known:
            row += [_score(group["cc_norm"]), _bar(group), _near_limit(group)]
        rows.append(row)
    return table(headings, rows)


def _score(score):
    """Return a mean and its interval in small print, or "-" if there is none."""
    if score["mean"] is None:
        return "-"
    interval = _interval(score)
    small = f" <small>{as_html(interval)}</small>" if interval else ""
    return Html(f"{score['mean']:.2f}{small}")


def _with_interval(score):
    return f"{score['mean']:.2f}, 95 % interval {_interval(score) or 'unknown'}"


def _interval(score):
    if not score["interval"]:
        return ""
    return f"{score['interval'][0]:.2f} to {score['interval'][1]:.2f}"


def _bar(group):
    if group["cc_norm"]["mean"] is None:
        return ""
    return interval_bar(group["cc_norm"]["mean"], group["cc_norm"]["interval"])


def _near_limit(group):
    """Return the share near the limit, with the noise taken out where it is known."""
    fraction = group["fraction_near_limit"]
    if group["cc_norm"]["mean"] is None or fraction is None:
        return ""
    estimate = group.get("estimated_near_limit")
    if estimate is None:
        return f"{100 * fraction:.0f} %"
    counted = f"counted {100 * fraction:.0f} %"
    return Html(f"{100 * estimate:.0f} % <small>{counted}</small>")
