"""Compare estimates of CC_max where images are shown unequally often.

    .venv/bin/python -m tools.studies.ceilings

It prints the tables of docs/metrics.md. The truth is that of the simulated images:
the square root of Var(rates) / (Var(rates) + noise of the means + drift in the means).
"""

import warnings

import numpy as np

from v1keras.evaluation import cc_max_from_repeats

COUNTS = {
    "10 x 20, 90 x 2": np.repeat([20, 2], [10, 90]),
    "2 to 8": np.resize(np.arange(2, 9), 100),
    "5 x 10, 95 x 1": np.repeat([10, 1], [5, 95]),
}
# Spikes per presentation, mean over images, and coefficient of variation of the rates.
SPREADS = ((5.0, 1.0), (3.0, 0.7), (1.0, 0.7))


def simulate(counts, noise, mean, spread, neurons, drift, rng):
    """Simulate single presentations, and the ceilings of their means.

    Args:
        counts: Integer array `(images,)`, presentations of each image.
        noise: String, "Poisson" or "Gaussian" (of a variance of `mean`).
        mean: Float, mean rate.
        spread: Float, coefficient of variation of the rates over images.
        neurons: Integer, number of neurons.
        drift: Float, slow drift from -drift to drift standard deviations of the noise.
        rng: `numpy.random.Generator`.

    Returns:
        Tuple `(repeats, ceilings)`, `(images, N, neurons)` and `(neurons,)`.
    """
    shape = 1 / spread**2
    rates = rng.gamma(shape, mean / shape, (len(counts), neurons))
    size = (len(counts), counts.max(), neurons)
    if noise == "Poisson":
        repeats, variance = rng.poisson(rates[:, None], size).astype(float), rates
    else:
        repeats = rates[:, None] + rng.normal(0, np.sqrt(mean), size)
        variance = np.full(rates.shape, mean)
    trend = drift * np.sqrt(mean) * np.linspace(-1, 1, counts.max())
    repeats += trend[:, None]
    repeats[np.arange(counts.max()) >= counts[:, None]] = np.nan
    drift_in_means = np.array([trend[:count].mean() for count in counts])
    signal = rates.var(axis=0, ddof=1)
    noise_in_means = (variance / counts[:, None]).mean(axis=0)
    total = signal + noise_in_means + drift_in_means.var(ddof=1)
    return repeats, np.sqrt(signal / total)


def _parts(repeats):
    """Return counts, means and variances of each image; NaN of single presentations."""
    counts = np.isfinite(repeats).sum(axis=1).astype(float)
    means = np.nanmean(repeats, axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return counts, means, np.nanvar(repeats, axis=1, ddof=1)


def _from_noise(noise, means):
    return np.sqrt(np.clip(1 - noise / means.var(axis=0, ddof=1), 0, 1))


def image_by_image(repeats):
    """Return CC_max from Var y less the mean of every image's own noise."""
    counts, means, variances = _parts(repeats)
    usual = np.nanmean(variances, axis=0)
    variances = np.where(np.isnan(variances), usual, variances)
    return _from_noise((variances / counts).mean(axis=0), means)


def pooled(repeats):
    """Return CC_max for noise of one variance: best if that is so."""
    counts, means, variances = _parts(repeats)
    weights = counts - 1
    noise = np.nansum(weights * variances, axis=0) / weights.sum(axis=0)
    return _from_noise(noise * (1 / counts).mean(axis=0), means)


def proportional(repeats):
    """Return CC_max for a variance in proportion to the mean: best for Poisson."""
    counts, means, variances = _parts(repeats)
    weights = counts - 1
    fano = np.nansum(weights * variances, axis=0) / (weights * means).sum(axis=0)
    return _from_noise(fano * (means / counts).mean(axis=0), means)


def maximum_likelihood(repeats):
    """Return CC_max by restricted maximum likelihood, for noise of one variance."""
    counts, means, variances = _parts(repeats)
    weights = counts - 1
    noise = np.nansum(weights * variances, axis=0) / weights.sum(axis=0)
    grid = np.linspace(0, 1, 201)[1:-1, None, None]  # CC_max squared
    of_means = noise / counts  # (images, neurons)
    signal = grid / (1 - grid) * of_means.mean(axis=0)
    total = signal + of_means
    precision = (1 / total).sum(axis=1, keepdims=True)
    center = (means / total).sum(axis=1, keepdims=True) / precision
    terms = np.log(total) + (means - center) ** 2 / total
    loss = terms.sum(axis=1) + np.log(precision[:, 0])
    return np.sqrt(grid[loss.argmin(axis=0), 0, 0])


RIVALS = (image_by_image, pooled, proportional, maximum_likelihood)


def errors(method, counts, noise, mean, spread, drift=0.0, draws=50, seed=0):
    """Return errors of a method's CC_max, and its values, `(draws * 20,)` each."""
    rng = np.random.default_rng(seed)
    found, true = [], []
    for _ in range(draws):
        repeats, ceilings = simulate(counts, noise, mean, spread, 20, drift, rng)
        found.append(method(repeats))
        true.append(ceilings)
    found = np.concatenate(found)
    return found - np.concatenate(true), found


def main():
    """Print the table."""
    names = ["package", *(rival.__name__.replace("_", " ") for rival in RIVALS)]
    for drift in (0.0, 1.0):
        print(f"\nSlow drift of {drift:g} standard deviations of the noise:\n")
        print(f"| presentations | noise | mean, CV | {' | '.join(names)} |")
        print("|---" * (len(names) + 3) + "|")
        for label, counts in COUNTS.items():
            for noise in ("Poisson", "Gaussian"):
                for mean, spread in SPREADS:
                    cells = [label, noise, f"{mean:g}, {spread:g}"]
                    for method in (cc_max_from_repeats, *RIVALS):
                        error, _ = errors(method, counts, noise, mean, spread, drift)
                        cells.append(f"{error.std():.3f} ({error.mean():+.3f})")
                    print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
