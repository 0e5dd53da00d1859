"""Stage 2: batch -> core -> readout -> rate."""

from v1keras.models.core import StackedCore
from v1keras.models.encoder import V1Model
from v1keras.models.readouts import FactorizedReadout
from v1keras.models.regularizers import GroupSparsity, Laplacian

__all__ = ["FactorizedReadout", "GroupSparsity", "Laplacian", "StackedCore", "V1Model"]
