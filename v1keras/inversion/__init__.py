"""Stage 6: model -> stimulus. It only needs a callable, images -> rates."""

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.contrast import ContrastConstraint, disk
from v1keras.inversion.matched_contrast import matched_contrast
from v1keras.inversion.objectives import (
    Objective,
    mean_rate,
    population_rate,
    rate,
    response_distance,
    set_distance,
    shortfall,
    total_variation,
)
from v1keras.inversion.parametrizations import Fourier, Pixels
from v1keras.inversion.restarts import RestartedAscent
from v1keras.inversion.result import PreferredStimuli
from v1keras.inversion.sets import diverse_set, reconstruct

__all__ = [
    "ContrastConstraint",
    "Fourier",
    "GradientAscent",
    "Objective",
    "Pixels",
    "PreferredStimuli",
    "RestartedAscent",
    "disk",
    "diverse_set",
    "matched_contrast",
    "mean_rate",
    "population_rate",
    "rate",
    "reconstruct",
    "response_distance",
    "set_distance",
    "shortfall",
    "total_variation",
]
