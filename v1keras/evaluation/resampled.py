"""The scores of every neuron on images drawn anew, from weighted sums over images."""

import numpy as np
import scipy  # which imports its parts when they are first used

from v1keras.evaluation.draws import ImageDraws
from v1keras.evaluation.metrics import mean, variance
from v1keras.evaluation.scored_data import ScoredData
from v1keras.evaluation.spike_counts import poisson_deviance
from v1keras.evaluation.uneven_repeats import is_even, variance_components

# Neurons at a time: bounds the memory.
_CHUNK = 1024
_CHUNK_OF_REPEATS = 256


def resample_scores(draws: ImageDraws, data: ScoredData) -> dict[str, np.ndarray]:
    """Compute every metric of every neuron on images drawn anew.

    Args:
        draws: `ImageDraws` of the recording.
        data: `ScoredData`.

    Returns:
        Dict of `(samples, neurons)` float32, by metric; NaN where a sample has none.
    """
    count = data.responses.shape[1]
    size = _CHUNK if data.repeats is None else _CHUNK_OF_REPEATS
    parts = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for first in range(0, count, size):
            part = data.select(slice(first, first + size))
            parts.append(_resample(draws, part))
    joined = {}
    for name in parts[0]:
        columns = [part[name].astype(np.float32) for part in parts]
        joined[name] = np.concatenate(columns, axis=1)
    return joined


def _resample(draws, data):
    center, scale = mean(data.responses), np.sqrt(variance(data.responses))
    scale = np.where(scale > 0, scale, 1.0)
    responses = (data.responses - center) / scale
    rates = np.where(np.isnan(responses), np.nan, (data.rates - center) / scale)
    sums = _Sums(draws, data.images)
    count = sums.count(responses)
    spread = sums.variance(responses)
    scores = {"correlation": sums.correlation(responses, rates)}
    ceiling, noise = _ceiling(draws, data, center, scale)
    scores["cc_max"] = ceiling
    scores["cc_norm"] = scores["correlation"] / np.where(ceiling > 0, ceiling, np.nan)
    explainable = spread - noise
    error = sums((responses - rates) ** 2) / count - noise
    scores["feve"] = 1 - error / np.where(explainable > 0, explainable, np.nan)
    return scores | _of_single_trials(draws, data) | _of_counts(sums, data)


class _Sums:
    """Weighted sums over some images, and what follows from them."""

    def __init__(self, draws, images):
        self.sums = draws.sums(images)

    def __call__(self, values):
        return self.sums(np.where(np.isnan(values), 0, values)).astype(float)

    def count(self, values):
        """Return the weighted number of values that are not missing."""
        present = np.isfinite(values)
        return self(present[:, :1] if present.all() else present)

    def variance(self, values):
        """Return the variance, whose mean over the samples is the sample variance."""
        count = self.count(values)
        spread = self(values**2) / count - (self(values) / count) ** 2
        images = np.isfinite(values).sum(axis=0)
        return np.maximum(spread, 0) * (images / (images - 1)) ** 2

    def correlation(self, values, others):
        """Return the correlation, 0 where `others` is constant."""
        others = others - mean(others)
        size = np.sqrt(mean(others**2))
        others = np.where(size > 0, others / size, 0.0 * others)
        moments = [values, others, values**2, values * others, others**2]
        return _correlation(self.count(values), *map(self, moments))


def _correlation(count, first, second, squares, products, second_squares):
    """Return the correlation from sums; 0 where the second is constant."""
    products = products - first * second / count
    spread = squares - first**2 / count
    second_spread = second_squares - second**2 / count
    result = np.clip(products / np.sqrt(spread * second_spread), -1, 1)
    return np.where(second_spread > 1e-6 * count, result, 0.0 * products)


def _ceiling(draws, data, center, scale):
    """Return CC_max and the noise variance in units of `scale` squared."""
    sums = _Sums(draws, data.ceiling_images)
    if data.repeats is not None:
        return _ceiling_of_repeats(sums, data.repeats, center, scale)
    shape = (draws.weights.shape[0], len(scale))
    if data.presentations is None:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    means = (data.means - center) / scale
    average = sums(means) / sums.count(means)
    factor = data.fano / data.presentations
    noise = factor * (average * scale + center) / scale**2
    return np.sqrt(np.maximum(1 - noise / sums.variance(means), 0)), noise


def _ceiling_of_repeats(sums, repeats, center, scale):
    repeats = (repeats - center) / scale
    present = np.isfinite(repeats)
    counts = present.sum(axis=1)
    means = mean(repeats.swapaxes(0, 1))
    of_trials = variance(repeats.swapaxes(0, 1))
    of_trials = np.where(counts == 1, mean(of_trials), of_trials)
    noise = sums(of_trials / counts) / sums.count(means)
    ceiling = np.full(noise.shape, np.nan)
    even = is_even(present)
    if even.any():
        images = (counts > 0).sum(axis=0)
        residuals = repeats - means[:, None] - mean(repeats) + mean(means)
        squares = np.nansum(residuals**2, axis=1) * images / (images - 1)
        in_means = np.where(counts > 1, squares / counts / (counts - 1), np.nan)
        share = sums(in_means) / sums.count(means) / sums.variance(means)
        ceiling[:, even] = np.sqrt(np.maximum(1 - share, 0))[:, even]
    if not even.all():
        ceiling[:, ~even] = _uneven_ceiling(sums, repeats[..., ~even])
    return ceiling, noise


def _uneven_ceiling(sums, repeats):
    """Return CC_max with the weights that images have for the whole sample."""
    parts = variance_components(repeats)
    images = (parts.weights > 0).sum(axis=0)
    usual = parts.squares.sum(axis=0) / parts.degrees.sum(axis=0)
    change = sums(parts.squares) / sums(parts.degrees) / usual
    scatter = sums(parts.weights * parts.means**2)
    center = np.sqrt(parts.weights)
    center = sums(center * parts.means) / sums(center)
    scatter += center**2 * sums(parts.weights)
    scatter -= 2 * center * sums(parts.weights * parts.means)
    scatter *= images / (images - 1)
    in_scatter = sums(parts.free * parts.image_noise) * change
    signal = np.maximum(scatter - in_scatter, 0) / sums(parts.free)
    noise = sums(parts.image_noise) / sums(parts.weights > 0) * change
    return np.sqrt(signal / (signal + noise + parts.drift))


def _of_single_trials(draws, data):
    shape = (draws.weights.shape[0], data.responses.shape[1])
    if data.repeats is None:
        unknown = np.full(shape, np.nan)
        return {"single_trial_correlation": unknown, "oracle": unknown}
    # Sums over an image's presentations come first, so that the sums over drawn images
    # are of as many values as there are images.
    sums = _Sums(draws, data.ceiling_images)
    single = data.repeats - np.nanmean(data.repeats, axis=(0, 1))
    counts = np.isfinite(single).sum(axis=1)
    total, squares = np.nansum(single, axis=1), np.nansum(single**2, axis=1)
    rates = data.repeated_rates - mean(data.repeated_rates)
    rates = _scaled(rates, counts * rates**2, counts)
    moments = [counts, total, counts * rates, squares, total * rates, counts * rates**2]
    several = counts > 1
    others = np.where(several, counts - 1.0, 1)
    counts = np.where(several, counts, 0)
    total, squares = np.where(several, total, 0), np.where(several, squares, 0)
    products = (total**2 - squares) / others
    square_means = ((counts - 2) * total**2 + squares) / others**2
    scale = _scaled(np.ones(len(single[0, 0])), square_means, counts)
    of_others = [total * scale, squares, products * scale, square_means * scale**2]
    return {
        "single_trial_correlation": _correlation(*map(sums, moments)),
        "oracle": _correlation(*map(sums, [counts, total, *of_others])),
    }


def _scaled(values, squares, counts):
    """Return values over the root of a mean square, given as a sum per image."""
    size = np.sqrt(squares.sum(axis=0) / counts.sum(axis=0))
    return np.where(size > 0, values / size, 0.0 * values)


def _of_counts(sums, data):
    responses = data.responses
    count = sums.count(responses)
    total, squares = sums(responses), sums(responses**2)
    sparse = (1 - total**2 / count / squares) / (1 - 1 / count)
    unknown = np.full(total.shape, np.nan)
    scores = {"deviance_explained": unknown, "bits_per_spike": unknown}
    if data.are_counts:
        usable = ~(responses < 0).any(axis=0) & (total > 0)
        entropy = 2 * (
            sums(scipy.special.xlogy(responses, responses))
            - scipy.special.xlogy(total, total / count)
        )
        entropy = np.where(usable & (entropy > 0), entropy, np.nan)
        deviance = sums(poisson_deviance(responses, data.rates))
        scores["deviance_explained"] = 1 - deviance / entropy
        scores["bits_per_spike"] = (entropy - deviance) / 2 / (total * np.log(2))
    return scores | {"selectivity": sparse}
