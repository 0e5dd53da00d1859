"""Stage 4: rate against response, and against what is predictable at all."""

from v1keras.evaluation.ceiling import (
    cc_max,
    cc_max_from_means,
    cc_max_from_repeats,
    cc_norm,
    signal_power,
    signal_power_from_means,
)
from v1keras.evaluation.metrics import correlation, feve, fraction_near_limit

__all__ = [
    "cc_max",
    "cc_max_from_means",
    "cc_max_from_repeats",
    "cc_norm",
    "correlation",
    "feve",
    "fraction_near_limit",
    "signal_power",
    "signal_power_from_means",
]
