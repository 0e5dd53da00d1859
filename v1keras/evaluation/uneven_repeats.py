"""Signal and noise of responses whose images were shown unequally often.

A single response is the image's mean + slow drift + noise, and the means have the
variance S over images. Each image counts by what its presentations tell of it, with the
weight 1 / (S + noise / number of presentations), as in restricted maximum likelihood.
The variance of the noise may depend on the mean, as that of spike counts does.
"""

import dataclasses

import numpy as np

_ROUNDS = 8  # of the weights, which converge within a few
_DEGREE = 3  # of the polynomial that slow drift is


@dataclasses.dataclass
class VarianceComponents:
    """What the variance over images of a neuron's mean responses consists of.

    Args:
        signal: `(neurons,)` variance of the image means; may be negative.
        noise: `(neurons,)` variance of the noise in the mean responses, averaged over
            images.
        drift: `(neurons,)` variance of slow drift in the mean responses.
        means: `(images, neurons)` mean responses without drift, 0 where there are none.
        weights: `(images, neurons)` weights of the squared means in the signal.
        free: `(images, neurons)` weights less what their common mean takes.
        image_noise: `(images, neurons)` variance of the noise in each mean.
        squares: `(images, neurons)` squared deviations from an image's mean.
        degrees: `(images, neurons)` their degrees of freedom.
    """

    signal: np.ndarray
    noise: np.ndarray
    drift: np.ndarray
    means: np.ndarray
    weights: np.ndarray
    free: np.ndarray
    image_noise: np.ndarray
    squares: np.ndarray
    degrees: np.ndarray

    @property
    def ceiling(self):
        """`(neurons,)` CC_max, 0 where there is no signal."""
        total = self.signal + self.noise + self.drift
        with np.errstate(invalid="ignore", divide="ignore"):
            ceiling = np.sqrt(np.maximum(self.signal, 0) / total)
        ceiling = np.where(self.signal > 0, ceiling, 0.0)
        return np.where(np.isnan(total), np.nan, ceiling)


def is_even(present: np.ndarray) -> np.ndarray:
    """Tell which neurons have the same presentations of every image.

    Args:
        present: `(images, N, neurons)` bool. An image or a presentation that a neuron
            has nothing of does not count.

    Returns:
        `(neurons,)` bool.
    """
    images, trials = present.any(axis=1), present.any(axis=0)
    return present.sum(axis=(0, 1)) == images.sum(axis=0) * trials.sum(axis=0)


def variance_components(repeats: np.ndarray) -> VarianceComponents:
    """Estimate signal and noise from an unequal number of presentations per image.

    Args:
        repeats: `(images, N, neurons)` single presentations, NaN = missing.

    Returns:
        `VarianceComponents`; NaN where no image has two presentations, or fewer than
        two images have any.

    Reference: Searle, Casella & McCulloch 1992, Variance Components.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> repeats = rng.normal(size=(400, 1, 1)) + rng.normal(size=(400, 8, 1))
    >>> repeats[100:, 2:] = np.nan  # 100 images x 8, 300 x 2
    >>> components = variance_components(repeats)
    >>> components.signal.round(1).tolist(), components.noise.round(1).tolist()
    ([1.0], [0.4])
    """
    present = np.isfinite(repeats)
    values = np.where(present, repeats, 0.0)
    counts = present.sum(axis=1)  # (images, neurons)
    shown = counts > 0
    per_count = shown / np.maximum(counts, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        drift, lost = _slow_drift(values, present, per_count)
        drift_in_means = (drift * present).sum(axis=1) * per_count
        raw_means = values.sum(axis=1) * per_count
        means = raw_means - drift_in_means
        residuals = (values - drift - means[:, None]) * present
        squares = (residuals**2).sum(axis=1)
        # The variance may go with the mean; with as much drift in it as there is
        # evidence of (James & Stein 1961), since its fit is noisy, too.
        before = (((values - raw_means[:, None]) * present) ** 2).sum(axis=(0, 1))
        within = squares.sum(axis=0)
        left = (counts - shown).sum(axis=0) - lost
        ratio = (before - within) / lost / (within / left)
        evidence = np.where(ratio > 1, 1 - 1 / ratio, 0.0)
        noise_of = _NoiseModel(
            squares, counts, raw_means - evidence * drift_in_means, lost
        )
        noise = noise_of.total(per_count / shown.sum(axis=0))
        signal = _variance(means, shown) - noise
        pooled = noise_of.pooled * per_count
        for _ in range(_ROUNDS):
            # By counts alone: by its own response, a weight would go with the signal.
            least = 0.05 * noise_of.pooled / counts.max(axis=0)
            root = shown / (np.maximum(signal, least) + pooled)
            share = root / root.sum(axis=0)
            weights = (root / root.max(axis=0)) ** 2
            free = weights * (1 - share)
            center = (share * means).sum(axis=0)
            scatter = (weights * (means - center) ** 2).sum(axis=0)
            signal = scatter - noise_of.total(free * per_count)
            signal /= free.sum(axis=0)
    return VarianceComponents(
        signal,
        noise,
        _variance(drift_in_means, shown),
        means,
        weights,
        free,
        noise_of.of_images() * per_count,
        squares,
        np.maximum(counts - 1, 0),
    )


def _slow_drift(values, present, per_count):
    """Return slow drift `(N, neurons)`, and the degrees of freedom that it takes.

    It is a polynomial in the order of presentations, fitted to the differences between
    presentations of one image.
    """
    trials = np.linspace(-1, 1, present.shape[1])
    basis = np.polynomial.legendre.legvander(trials, _DEGREE)[:, 1:]  # (N, degree)
    counts = present.sum(axis=0)  # (N, neurons)
    centers = np.einsum("kng,np->kgp", present, basis) * per_count[..., None]
    sums = values.sum(axis=1)  # (images, neurons)
    gram = np.einsum("ng,np,nq->gpq", counts, basis, basis)
    shown = present.sum(axis=1)
    gram -= np.einsum("kgp,kgq,kg->gpq", centers, centers, shown)
    moments = np.einsum("ng,np->gp", values.sum(axis=0), basis)
    moments -= np.einsum("kgp,kg->gp", centers, sums)
    inverse = np.linalg.pinv(gram, rcond=1e-9, hermitian=True)
    drift = basis @ np.einsum("gpq,gq->pg", inverse, moments)
    return drift, np.einsum("gpq,gqp->g", inverse, gram)


class _NoiseModel:
    """The variance of single responses, a linear function of an image's mean.

    Its slope is shrunk towards none by its standard error.
    """

    def __init__(self, squares, counts, means, lost):
        degrees = np.maximum(counts - 1, 0)
        total = degrees.sum(axis=0)
        left = np.where(total > lost, total - lost, np.nan)
        self.pooled = squares.sum(axis=0) / left
        self.distance = means - (degrees * means).sum(axis=0) / total
        excess = squares * total / left - degrees * self.pooled
        spread = (degrees * self.distance**2).sum(axis=0)
        slope = (self.distance * excess).sum(axis=0) / spread
        misfit = excess - degrees * slope * self.distance
        error = ((self.distance * misfit) ** 2).sum(axis=0) / spread**2
        # With few images the misfit is too small: no smaller than that of normal noise.
        error = np.maximum(error, 2 * self.pooled**2 / spread)
        shrunk = np.maximum(0, 1 - error / slope**2)
        self.slope = np.where(np.isfinite(shrunk), slope * shrunk, 0.0)

    def total(self, weights):
        """Return the weighted sum of the variances over images, at least 0."""
        tilt = self.slope * (weights * self.distance).sum(axis=0)
        return np.maximum(self.pooled * weights.sum(axis=0) + tilt, 0)

    def of_images(self):
        """Return the variance of a single response to each image."""
        return self.pooled + self.slope * self.distance


def _variance(values, shown):
    """Return the sample variance over the images that are shown."""
    images = shown.sum(axis=0)
    center = (values * shown).sum(axis=0) / images
    return (((values - center) * shown) ** 2).sum(axis=0) / (images - 1)
