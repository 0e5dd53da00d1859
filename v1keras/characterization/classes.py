"""Classes of cells, by their preferred stimulus and by what drives them."""

from typing import Any

import numpy as np

from v1keras.characterization.center_surround import fit_center_surrounds
from v1keras.characterization.gabor_fit import fit_gabors
from v1keras.characterization.least_squares import check_patterns
from v1keras.characterization.spatial_extent import spatial_extent

CLASSES = ("gabor", "center-surround", "texture", "unclassified")
# Chosen on some families of simulated cells and judged on others: docs/known_cells.md.
THRESHOLDS = {
    "texture_patch_extent": 0.27,
    "texture_f1_f0": 1.0,
    "localized_extent": 0.2,
    "explained": 0.5,
    "explained_at_limit": 0.8,
    "explained_if_suppressed": 0.72,
    "suppressed": 0.9,
    "flank_suppression": 0.5,
    "one_sided": 0.5,
    "round": 0.9,
    "round_f1_f0": 0.5,
    "oriented": 0.15,
    "luminance": 0.25,
}
# Between these values of CC_norm the share of a stimulus that a shape has to explain
# rises from `explained` to `explained_at_limit`.
_PREDICTED = (0.8, 0.95)
_FACTORS = np.geomspace(1.02, 2, 35)  # of a threshold, tried for the margin


def shape_columns(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """Describe the shape of preferred stimuli.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        Dict of `(n,)` columns: `spatial_extent`; `luminance`, squared mean over mean
        square; the columns of `fit_gabors` as `gabor_...` and those of
        `fit_center_surrounds` as `center_surround_...`.

    Raises:
        ValueError: The patterns are not such an array or not finite, or one is grey
            throughout.

    Example:

    >>> rows, columns = np.mgrid[:20, :20] - 9.5
    >>> blob = lambda width: np.exp(-(rows**2 + columns**2) / (2 * width**2))
    >>> columns = shape_columns([blob(3) * np.cos(columns), blob(2) - 0.25 * blob(4)])
    >>> (columns["gabor_r2"] > columns["center_surround_r2"]).tolist()
    [True, False]
    """
    patterns = check_patterns(patterns)
    means, squares = patterns.mean(axis=(1, 2)), np.square(patterns).mean(axis=(1, 2))
    shapes = {
        "spatial_extent": spatial_extent(patterns),
        "luminance": np.square(means) / squares,
    }
    for name, column in fit_gabors(patterns).items():
        shapes[f"gabor_{name}"] = column
    for name, column in fit_center_surrounds(patterns).items():
        shapes[f"center_surround_{name}"] = column
    return shapes


def classify(
    evidence: dict[str, np.ndarray], thresholds: dict[str, float] = THRESHOLDS
) -> np.ndarray:
    """Sort cells into Gabor, center-surround, texture and none of these.

    A neuron that the model does not predict better than chance is "unclassified". For
    others, the class is the first of these that applies:

    1. "texture": small patches of grating drive the cell from at least 0.27 of the
       image, whatever their phase (F1/F0 below 1), and its stimulus is not mainly
       brighter or darker than grey.
    2. "unclassified": the cell is driven from as much of the image but is none such,
       its stimulus is not localized, or neither a Gabor nor a difference of Gaussians
       explains enough of it: half of it if the neuron is predicted poorly, rising to
       0.8 for a CC_norm of 0.95 or more, for then what is left is no noise; 0.72 is
       enough for a cell that a large grating suppresses (by 0.9 or more), whose
       stimulus is shaped by its surround, too.
    3. "unclassified": gratings on one side take half or more of the cell's rate, and
       those on the other side do not (asymmetry of 0.5 or more), whatever their phase.
       It prefers the border of a texture.
    4. "center-surround" or "unclassified": the difference of Gaussians explains at
       least 0.9 times what the Gabor explains. A round cell has a preferred phase
       (F1/F0 of 0.5 or more); one without is not classified. Three broad stripes of a
       Gabor can imitate a ring; a ring cannot imitate a Gabor.
    5. "gabor": the cell has a preferred orientation (selectivity of 0.15 or more); else
       "unclassified".

    Args:
        evidence: Dict of `(n,)` columns `spatial_extent`, `luminance`, `gabor_r2` and
            `center_surround_r2` of `shape_columns`, `f1_f0` and
            `orientation_selectivity` of `tuning`, and `patch_extent` of `patch_maps`;
            and, as far as they are known, `predicted` and `cc_norm` of the scores,
            `surround_suppression` of `tuning` and the columns of `flank_columns`. What
            is NaN was not measurable, and never makes a texture.
        thresholds: Dict, name of a threshold -> value.

    Returns:
        `(n,)` classes.

    Example:

    >>> evidence = {
    ...     "spatial_extent": np.array([0.05, 0.05, 0.6, 0.6]),
    ...     "luminance": np.array([0.0, 0.1, 0.0, 0.1]),
    ...     "gabor_r2": np.array([0.9, 0.8, 0.9, 0.9]),
    ...     "center_surround_r2": np.array([0.5, 0.95, 0.1, 0.1]),
    ...     "f1_f0": np.array([0.1, 1.6, 0.1, 1.6]),
    ...     "orientation_selectivity": np.array([0.6, 0.0, 0.5, 0.5]),
    ...     "patch_extent": np.array([0.05, 0.03, 0.8, 0.03]),
    ... }
    >>> classify(evidence).tolist()
    ['gabor', 'center-surround', 'texture', 'unclassified']
    """
    striped, circular = evidence["gabor_r2"], evidence["center_surround_r2"]
    everywhere = evidence["patch_extent"] >= thresholds["texture_patch_extent"]
    has_phase = evidence["f1_f0"] >= thresholds["round_f1_f0"]
    oriented = evidence["orientation_selectivity"] >= thresholds["oriented"]
    any_phase = evidence["f1_f0"] < thresholds["texture_f1_f0"]
    patterned = evidence["luminance"] < thresholds["luminance"]
    flanked = _known(evidence, "flank_suppression") >= thresholds["flank_suppression"]
    asymmetric = _known(evidence, "flank_asymmetry") >= thresholds["one_sided"]
    one_sided = flanked & asymmetric
    unpredicted = _known(evidence, "predicted") == 0
    rules = [
        unpredicted,
        everywhere & any_phase & patterned,
        everywhere | (evidence["spatial_extent"] >= thresholds["localized_extent"]),
        np.maximum(striped, circular) < _required(evidence, thresholds),
        one_sided & any_phase,
        circular >= thresholds["round"] * striped,
    ]
    round_class = np.where(has_phase, "center-surround", "unclassified")
    none = "unclassified"
    classes: list[Any] = [none, "texture", none, none, none, round_class]
    return np.select(rules, classes, np.where(oriented, "gabor", "unclassified"))


def _required(evidence, thresholds):
    """Return the share of a stimulus that a Gabor or a round shape has to explain."""
    predicted = np.nan_to_num(_known(evidence, "cc_norm"))
    low, high = thresholds["explained"], thresholds["explained_at_limit"]
    required = np.interp(predicted, _PREDICTED, (low, high))
    suppressed = _known(evidence, "surround_suppression") >= thresholds["suppressed"]
    least = np.minimum(required, thresholds["explained_if_suppressed"])
    return np.where(suppressed, least, required)


def _known(evidence, name):
    """Return a column of the evidence, NaN if it is missing."""
    return evidence.get(name, np.full(len(evidence["gabor_r2"]), np.nan))


def class_margin(evidence: dict[str, np.ndarray]) -> np.ndarray:
    """Measure by how much thresholds may change before the class does.

    Args:
        evidence: Dict of columns, as for `classify`.

    Returns:
        `(n,)` smallest relative change of any one threshold, up or down, that changes
        the class: 0.1 if a threshold 1.1 times as high, or as low, gives another class;
        1 if none that is twice as high or half as high does.

    Example:

    >>> evidence = {
    ...     "spatial_extent": np.array([0.1]),
    ...     "luminance": np.array([0.0]),
    ...     "gabor_r2": np.array([0.9]),
    ...     "center_surround_r2": np.array([0.75]),
    ...     "f1_f0": np.array([1.5]),
    ...     "orientation_selectivity": np.array([0.6]),
    ...     "patch_extent": np.array([0.05]),
    ... }
    >>> class_margin(evidence).round(2).tolist()  # 0.75 / (0.9 x 0.9)
    [0.08]
    """
    classes = classify(evidence)
    margin = np.ones(len(classes))
    for name, value in THRESHOLDS.items():
        for factor in _FACTORS[::-1]:
            for changed in (value * factor, value / factor):
                others = classify(evidence, THRESHOLDS | {name: changed})
                margin[others != classes] = np.minimum(
                    margin[others != classes], factor - 1
                )
    return margin
