"""Stage 2: batch -> core -> readout -> rate."""

from v1keras.models.cores.kindel2019 import KindelCore
from v1keras.models.cores.log_gabor import LogGaborCore
from v1keras.models.cores.rotation_equivariant import RotationEquivariantCore
from v1keras.models.cores.stacked import OnOff, StackedCore
from v1keras.models.cores.transfer import TransferCore
from v1keras.models.ensemble import Concatenated, Ensemble, WeightedMean
from v1keras.models.layers.divisive_normalization import DivisiveNormalization
from v1keras.models.multi_session import V1Sessions
from v1keras.models.neuron_rates import own_rates
from v1keras.models.readouts.covariates import (
    BehavingReadout,
    GainModulator,
    Shifter,
    at_mean_behavior,
    column_statistics,
)
from v1keras.models.readouts.factorized import DenseReadout, FactorizedReadout
from v1keras.models.readouts.gaussian import GaussianReadout
from v1keras.models.readouts.ridge import RidgeReadout
from v1keras.models.regularizers import GroupSparsity, Laplacian
from v1keras.models.selection import of_neurons
from v1keras.models.v1_model import V1Model

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
