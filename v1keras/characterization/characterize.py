"""`Cells`: class, fits and tuning of each inverted cell."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from v1keras.characterization.best_shapes import best_center_surround, best_gabor
from v1keras.characterization.cell_table import cell_table
from v1keras.characterization.classes import class_margin, classify, shape_columns
from v1keras.characterization.flanks import flank_columns
from v1keras.characterization.gabor import in_degrees
from v1keras.characterization.gratings import GratingDisplay
from v1keras.characterization.patch_map import patch_maps
from v1keras.characterization.receptive_field import gradient_fields
from v1keras.characterization.tuning import tuning

_FIELD_IMAGES = 40  # images that gradients are averaged over
_BEST = {"gabor": best_gabor, "center_surround": best_center_surround}


@dataclasses.dataclass(repr=False)
class Cells:
    """Class, controls, fits and tuning of each inverted cell.

    Printed, they are the table that `python -m v1keras.invert` prints.

    Attributes:
        table: Dict of `(n,)` columns: scores, controls, class, fits and tuning;
            `v1keras.characterization.columns` lists their units and meanings.
        curves: Dict, parameter of a grating -> tuple `(values, rates)`, each `(n, k)`.
        gradient_fields: `(n, height, width)`.
        norm: Float, norm of the stimuli's contrast in pixel units.
    """

    table: dict[str, np.ndarray]
    curves: dict[str, tuple[np.ndarray, np.ndarray]]
    gradient_fields: np.ndarray
    norm: float

    def __str__(self):
        pixels = np.prod(self.gradient_fields.shape[1:])
        return cell_table(self.table, self.norm, self.norm / np.sqrt(pixels))

    def __repr__(self):
        classes, counts = np.unique(self.table["class"], return_counts=True)
        pairs = zip(counts, classes, strict=True)
        text = ", ".join(f"{count} {name}" for count, name in pairs)
        return f"<{len(self.gradient_fields)} Cells: {text}>"


def describe_cells(
    rates: Callable[[Any], Any],
    images: np.ndarray,
    stimuli: Any,
    pixels_per_degree: float | None = None,
    shapes: np.ndarray | None = None,
    scores: dict[str, np.ndarray] | None = None,
    others: dict[str, np.ndarray] | None = None,
) -> Cells:
    """Return class, fits and tuning of each inverted cell.

    Args:
        rates: Callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`.
        images: `(n, height, width)` images of the recording, of which a sample serves
            for mean gradients.
        stimuli: `v1keras.inversion.PreferredStimuli`.
        pixels_per_degree: Float, pixels of the images per degree of visual angle; with
            it, fits are also given in degrees.
        shapes: `(n, height, width)` patterns that shapes are fitted to and classes
            taken from; None for those of the stimuli.
        scores: Dict of the `(n,)` columns `cc_norm`, `predicted` (see `classify`) and
            `zero_rate` (see `tuning`), as far as they are known.
        others: Dict, column -> `(n, height, width)` patterns of other stimuli of the
            same neurons: the column says which class the shapes of these would give.
    """
    neurons, contrast, patterns = stimuli.neurons, stimuli.contrast, stimuli.patterns
    image_size = patterns.shape[1:]
    columns = shape_columns(patterns if shapes is None else shapes)
    fits = {name: _with_prefix(columns, f"{name}_") for name in _BEST}
    for name, best in _BEST.items():
        _, best_rates = best(
            rates, neurons, fits[name], image_size, contrast.grey, contrast.project
        )
        columns[f"best_{name}_rate"] = best_rates
    display = GratingDisplay(contrast.grey, contrast.low, contrast.high, image_size)
    scores = scores or {}
    zero_rates = scores.get("zero_rate")
    curves, tuning_columns = tuning(
        rates, neurons, fits["gabor"], display, zero_rates=zero_rates
    )
    _, patch_extents = patch_maps(
        rates, neurons, _with_prefix(tuning_columns, "grating_"), display
    )
    tuning_columns["patch_extent"] = patch_extents
    gratings = _with_prefix(tuning_columns, "grating_")
    gratings |= {name: fits["gabor"][name] for name in ("row", "column")}
    tuning_columns |= flank_columns(rates, neurons, gratings, display)
    evidence = columns | tuning_columns | scores
    classes = {"class": classify(evidence), "class_margin": class_margin(evidence)}
    for name, other in (others or {}).items():
        classes[name] = classify(evidence | shape_columns(other))
    if pixels_per_degree:
        for name, fit in fits.items():
            for key, column in in_degrees(fit, pixels_per_degree).items():
                columns[f"{name}_{key}"] = column
    sample = np.linspace(0, len(images) - 1, _FIELD_IMAGES).astype(int)
    fields = gradient_fields(rates, neurons, images[sample])
    table = classes | columns | tuning_columns
    return Cells(table, curves, fields, contrast.norm)


def _with_prefix(columns, prefix):
    """Return the columns of a prefix, without it."""
    return {
        name.removeprefix(prefix): column
        for name, column in columns.items()
        if name.startswith(prefix)
    }
