"""Models: images -> core -> features -> readout -> rates."""

from v1keras.models.concatenated import Concatenated
from v1keras.models.cores.kindel2019 import KindelCore
from v1keras.models.cores.log_gabor import LogGaborCore
from v1keras.models.cores.rotation_equivariant import RotationEquivariantCore
from v1keras.models.cores.stacked import StackedCore
from v1keras.models.cores.transfer import TransferCore
from v1keras.models.ensemble import Ensemble
from v1keras.models.layers.divisive_normalization import DivisiveNormalization
from v1keras.models.layers.gain_modulator import GainModulator
from v1keras.models.layers.on_off import OnOffRectification
from v1keras.models.layers.shifter import Shifter
from v1keras.models.layers.weighted_mean import WeightedMean
from v1keras.models.multi_session import MultiSessionModel
from v1keras.models.population_model import PopulationModel
from v1keras.models.readouts.covariate import CovariateReadout
from v1keras.models.readouts.dense import DenseReadout
from v1keras.models.readouts.factorized import FactorizedReadout
from v1keras.models.readouts.gaussian import GaussianReadout
from v1keras.models.readouts.ridge import RidgeReadout
from v1keras.models.regularizers import GroupSparsity, Laplacian
from v1keras.models.v1_model import V1Model

__all__ = [
    "CovariateReadout",
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
    "MultiSessionModel",
    "OnOffRectification",
    "PopulationModel",
    "RidgeReadout",
    "RotationEquivariantCore",
    "Shifter",
    "StackedCore",
    "TransferCore",
    "V1Model",
    "WeightedMean",
]
