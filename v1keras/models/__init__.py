"""Stage 2: batch -> core -> readout -> rate."""

from v1keras.models.core import OnOff, StackedCore
from v1keras.models.encoder import V1Model
from v1keras.models.ensemble import Ensemble
from v1keras.models.gaussian_readout import GaussianReadout
from v1keras.models.readouts import DenseReadout, FactorizedReadout
from v1keras.models.regularizers import GroupSparsity, Laplacian

__all__ = ["DenseReadout", "Ensemble", "FactorizedReadout", "GaussianReadout", "GroupSparsity", "Laplacian", "OnOff", "StackedCore", "V1Model"]
