"""Stage 6: model -> stimulus. It knows only a callable images -> rates."""

from v1keras.inversion.ascent import Ascent, invert
from v1keras.inversion.contrast import Contrast, disk
from v1keras.inversion.objectives import (
    Objective,
    own_rate,
    population_rate,
    rate_of,
    response_distance,
    set_distance,
    shortfall,
    total_variation,
)
from v1keras.inversion.parametrizations import Fourier, Pixels
from v1keras.inversion.result import Inversion
from v1keras.inversion.sets import diverse_set, reconstruct

__all__ = [
    "Ascent",
    "Contrast",
    "Fourier",
    "Inversion",
    "Objective",
    "Pixels",
    "disk",
    "diverse_set",
    "invert",
    "own_rate",
    "population_rate",
    "rate_of",
    "reconstruct",
    "response_distance",
    "set_distance",
    "shortfall",
    "total_variation",
]
