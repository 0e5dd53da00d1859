"""How many neurons are predicted near their limit, with the noise taken out."""

import numpy as np

# Within 10 % of the limit, as Kindel et al. 2019 count.
LIMIT = 0.9
# A neuron with a lower CC_max says nothing of its limit: its CC_norm divides noise by
# noise.
LEAST_CEILING = 0.3

_GRID = np.linspace(-0.5, 1.0, 301)
# More rounds fit the scatter of a few hundred neurons (tools/studies/near_limit.py).
_ROUNDS = 20
# Neurons spread evenly over the grid, so that few neurons do not decide alone.
_PSEUDO_NEURONS = 1.0


def near_limit_probability(
    cc_norm: np.ndarray,
    standard_error: np.ndarray,
    cc_max: np.ndarray,
    population: np.ndarray | None = None,
    limit: float = LIMIT,
) -> np.ndarray:
    """Compute the probability that each neuron's true CC_norm is near the limit.

    An estimated CC_norm scatters around the true one with a standard error. What the
    true values of a population are like is estimated from all of them: the distribution
    on a grid whose likelihood grows most in a few rounds of expectation maximization
    (Kiefer & Wolfowitz 1956), which leaves it smooth. The probability is each neuron's
    posterior then.

    Args:
        cc_norm: `(neurons,)` estimates, NaN = unknown.
        standard_error: `(neurons,)` their standard errors.
        cc_max: `(neurons,)` ceilings. A neuron with less than 0.3 is never near.
        population: `(neurons,)` bool, neurons that the distribution is estimated from;
            None for all.
        limit: Float, smallest CC_norm that is near the limit.

    Returns:
        `(neurons,)` from 0 to 1.

    Reference: Efron 2010, Large-Scale Inference, for empirical Bayes.

    Example:

    >>> import numpy as np
    >>> estimates = np.random.default_rng(0).normal(0.85, 0.06, 300)  # all are at 0.85
    >>> errors, ceilings = np.full(300, 0.06), np.full(300, 0.9)
    >>> float(np.mean(estimates >= 0.9).round(2))
    0.2
    >>> share = near_limit_probability(estimates, errors, ceilings).mean()
    >>> float(share.round(1))
    0.0
    """
    cc_norm = np.asarray(cc_norm, float)
    usable = np.isfinite(cc_norm) & np.isfinite(standard_error)
    usable &= np.nan_to_num(cc_max) >= LEAST_CEILING
    probability = np.zeros(cc_norm.shape)
    if not usable.any():
        return probability
    error = np.maximum(standard_error[usable], 1e-3)
    likelihood = _likelihood(cc_norm[usable], error, np.asarray(cc_max)[usable])
    fitted = np.ones(cc_norm.shape, bool) if population is None else population
    fitted = np.asarray(fitted, bool)[usable]
    prior = _prior(likelihood[fitted] if fitted.any() else likelihood)
    posterior = likelihood * prior
    near = posterior[:, _GRID >= limit - 1e-9].sum(axis=1)
    probability[usable] = near / posterior.sum(axis=1)
    return probability


def _likelihood(estimate, error, ceiling):
    """Return `(neurons, grid)` densities of the estimates for every true value.

    The error of a correlation r is in proportion to 1 - r^2.
    """
    highest = np.minimum(np.abs(estimate * ceiling), 0.99)[:, None]
    scale = (1 - (_GRID * ceiling[:, None]) ** 2) / (1 - highest**2)
    spread = error[:, None] * np.clip(scale, 0.5, 2.0)
    distance = (estimate[:, None] - _GRID) / spread
    density = np.exp(-0.5 * np.minimum(distance**2, 1000)) / spread
    return density + 1e-12


def _prior(likelihood):
    """Return the distribution over the grid, by expectation maximization."""
    prior = np.full(len(_GRID), 1 / len(_GRID))
    for _ in range(_ROUNDS):
        share = (likelihood / (likelihood @ prior)[:, None]).sum(axis=0) * prior
        prior = share + _PSEUDO_NEURONS / len(_GRID)
        prior /= prior.sum()
    return prior
