"""Stage 7: preferred stimulus and rate function -> the kind of cell."""

from v1keras.characterization.best_shapes import best_center_surround, best_gabor
from v1keras.characterization.center_surround import (
    center_surround,
    fit_center_surrounds,
)
from v1keras.characterization.classes import (
    CLASSES,
    class_margin,
    classify,
    shape_columns,
)
from v1keras.characterization.flanks import flank_columns
from v1keras.characterization.gabor import gabor, in_degrees
from v1keras.characterization.gabor_fit import fit_gabors, phase_spread, phases_at
from v1keras.characterization.gratings import GratingDisplay
from v1keras.characterization.patch_map import patch_maps
from v1keras.characterization.receptive_field import center_of, gradient_fields
from v1keras.characterization.spatial_extent import spatial_extent
from v1keras.characterization.tuning import tuning

__all__ = [
    "CLASSES",
    "GratingDisplay",
    "best_center_surround",
    "best_gabor",
    "center_of",
    "center_surround",
    "class_margin",
    "classify",
    "fit_center_surrounds",
    "fit_gabors",
    "flank_columns",
    "gabor",
    "gradient_fields",
    "in_degrees",
    "patch_maps",
    "phase_spread",
    "phases_at",
    "shape_columns",
    "spatial_extent",
    "tuning",
]
