"""Noise models: the distribution of a response around its rate."""

import tensorflow_probability as tfp


def poisson(rates):
    """Spike counts around their rate; means of counts, which are no integers, are given their likelihood up to a constant.

    Args:
        rates: `(batch, neurons)` expected spikes per presentation.

    Returns:
        `tfp.distributions.Poisson` of that shape.

    Example:

    >>> import math
    >>> round(float(poisson(2.0).log_prob(3.0)), 6) == round(3 * math.log(2) - 2 - math.log(6), 6)
    True
    """
    return tfp.distributions.Poisson(rate=rates, force_probs_to_zero_outside_support=False)


LIKELIHOODS = {"poisson": poisson}


def check_responses(likelihood, responses):
    """Refuses responses that the likelihood gives no meaning to.

    Raises:
        ValueError: unknown likelihood, or negative responses under Poisson.
    """
    if likelihood not in LIKELIHOODS:
        raise ValueError(f"likelihood: found {likelihood!r}, expected one of {', '.join(LIKELIHOODS)}")
    negative = (responses < 0).any(axis=0)
    if likelihood == "poisson" and negative.any():
        raise ValueError(
            f"{int(negative.sum())} neurons have negative responses (neuron {int(negative.argmax())} for one); a Poisson likelihood "
            "needs spike counts >= 0"
        )
