"""Evaluation: predicted rates against responses and their noise ceiling."""

from v1keras.evaluation.ceiling import (
    cc_max,
    cc_max_from_means,
    cc_max_from_repeats,
    cc_norm,
    noise_variance,
    signal_power,
    signal_power_from_means,
)
from v1keras.evaluation.metrics import (
    correlation,
    feve,
    fraction_near_limit,
    image_selectivity,
)
from v1keras.evaluation.summary import (
    SCORES,
    average_over_seeds,
    estimate_ceiling,
    score_neurons,
    summarize,
)

__all__ = [
    "SCORES",
    "average_over_seeds",
    "cc_max",
    "cc_max_from_means",
    "cc_max_from_repeats",
    "cc_norm",
    "correlation",
    "estimate_ceiling",
    "feve",
    "fraction_near_limit",
    "image_selectivity",
    "noise_variance",
    "score_neurons",
    "signal_power",
    "signal_power_from_means",
    "summarize",
]
