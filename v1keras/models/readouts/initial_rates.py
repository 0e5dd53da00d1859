"""Biases with which an untrained readout responds near the mean responses."""

import numpy as np


def clip_rates(mean_rates):
    """Return mean rates `(neurons,)` above 0, with 1 in the place of NaN."""
    rates = np.nan_to_num(np.asarray(mean_rates, "float64"), nan=1.0)
    return np.clip(rates, 1e-3, None)


def inverse_softplus(mean_rates):
    """Return the drives whose softplus is `mean_rates` `(neurons,)`."""
    rates = clip_rates(mean_rates)
    return np.where(rates > 30, rates, np.log(np.expm1(np.minimum(rates, 30))))
