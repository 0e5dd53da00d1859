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
from v1keras.evaluation.fano import fano_from_identical_images, fano_from_repeats
from v1keras.evaluation.metrics import (
    correlation,
    feve,
    fraction_near_limit,
    image_selectivity,
)
from v1keras.evaluation.near_limit import near_limit_probability
from v1keras.evaluation.scores import average_scores
from v1keras.evaluation.single_trials import (
    oracle_correlation,
    single_trial_correlation,
)
from v1keras.evaluation.spike_counts import bits_per_spike, deviance_explained
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
    "average_scores",
    "bits_per_spike",
    "cc_max",
    "cc_max_from_means",
    "cc_max_from_repeats",
    "cc_norm",
    "correlation",
    "deviance_explained",
    "estimate_ceiling",
    "fano_from_identical_images",
    "fano_from_repeats",
    "feve",
    "fraction_near_limit",
    "image_selectivity",
    "near_limit_probability",
    "noise_variance",
    "oracle_correlation",
    "score_neurons",
    "signal_power",
    "signal_power_from_means",
    "single_trial_correlation",
    "summarize",
]
