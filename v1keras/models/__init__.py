"""Stage 2: batch -> core -> readout -> rate."""

from v1keras.models.baselines import KindelCore
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
    "Concatenated",
    "DenseReadout",
    "DivisiveNormalization",
    "Ensemble",
    "FactorizedReadout",
    "GaussianReadout",
    "GroupSparsity",
    "KindelCore",
    "Laplacian",
    "LogGaborCore",
    "OnOff",
    "RidgeReadout",
    "RotationEquivariantCore",
    "StackedCore",
    "TransferCore",
    "V1Model",
    "V1Sessions",
    "WeightedMean",
    "of_neurons",
    "own_rates",
]
