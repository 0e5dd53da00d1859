"""Stage 3: rate -> likelihood -> weights."""

from v1keras.training.likelihoods import LIKELIHOODS, check_responses, poisson
from v1keras.training.strategy import is_chief, make_strategy
from v1keras.training.trainer import Progress, Schedule, Trainer

__all__ = ["LIKELIHOODS", "Progress", "Schedule", "Trainer", "check_responses", "is_chief", "make_strategy", "poisson"]
