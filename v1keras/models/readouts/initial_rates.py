"""Biases from which an untrained readout answers near the mean responses."""

import numpy as np


def clip_rates(mean_rates):
    """`(neurons,)` mean rates that a readout can start at: above 0, and 1 where
    unknown.
    """
    return np.clip(
        np.nan_to_num(np.asarray(mean_rates, "float64"), nan=1.0), 1e-3, None
    )


def inverse_softplus(mean_rates):
    """The drives whose softplus is `mean_rates` `(neurons,)`."""
    rates = clip_rates(mean_rates)
    return np.where(rates > 30, rates, np.log(np.expm1(np.minimum(rates, 30))))
