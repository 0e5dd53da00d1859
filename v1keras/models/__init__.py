"""Stage 2: batch -> core -> readout -> rate."""

from v1keras.models.baselines import KindelCore
from v1keras.models.behavior import (
    BehavingReadout,
    GainModulator,
    Shifter,
    at_mean_behavior,
    column_statistics,
)
from v1keras.models.core import OnOff, StackedCore
from v1keras.models.encoder import V1Model
from v1keras.models.ensemble import Concatenated, Ensemble, WeightedMean
from v1keras.models.gabor import LogGaborCore
from v1keras.models.gaussian_readout import GaussianReadout
from v1keras.models.normalization import DivisiveNormalization
from v1keras.models.own_rates import own_rates
from v1keras.models.readouts import DenseReadout, FactorizedReadout
from v1keras.models.regularizers import GroupSparsity, Laplacian
from v1keras.models.ridge import RidgeReadout
from v1keras.models.rotation import RotationEquivariantCore
from v1keras.models.selection import of_neurons
from v1keras.models.sessions import V1Sessions
from v1keras.models.transfer import TransferCore

__all__ = [
    "BehavingReadout",
    "Concatenated",
    "DenseReadout",
    "DivisiveNormalization",
    "Ensemble",
    "FactorizedReadout",
    "GainModulator",
    "GaussianReadout",
    "GroupSparsity",
    "KindelCore",
    "Laplacian",
    "LogGaborCore",
    "OnOff",
    "RidgeReadout",
    "RotationEquivariantCore",
    "Shifter",
    "StackedCore",
    "TransferCore",
    "V1Model",
    "V1Sessions",
    "WeightedMean",
    "at_mean_behavior",
    "column_statistics",
    "of_neurons",
    "own_rates",
]
