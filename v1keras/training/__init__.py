"""Stage 3: rate -> likelihood -> weights."""

from v1keras.training.checkpoints import Checkpoints
from v1keras.training.interruption import Stopped
from v1keras.training.likelihoods import (
    LIKELIHOODS,
    Gaussian,
    NegativeBinomial,
    Poisson,
    ZeroInflatedGamma,
    check_responses,
    learned_noise,
    likelihood_of,
    make_likelihood,
)
from v1keras.training.schedule import Progress, Schedule, TrainingHistory
from v1keras.training.strategy import is_chief, make_strategy
from v1keras.training.trainer import Trainer

__all__ = [
    "LIKELIHOODS",
    "Checkpoints",
    "Gaussian",
    "NegativeBinomial",
    "Poisson",
    "Progress",
    "Schedule",
    "Stopped",
    "Trainer",
    "TrainingHistory",
    "ZeroInflatedGamma",
    "check_responses",
    "is_chief",
    "learned_noise",
    "likelihood_of",
    "make_likelihood",
    "make_strategy",
]
