"""A simulated population of V1 neurons whose filters are known."""

import numpy as np

from v1keras.data.dead_leaves import dead_leaves
from v1keras.data.recording import Recording
from v1keras.data.validation import TEST, TRAIN, VALIDATION
from v1keras.io.large_arrays import check_memory

KINDS = ("simple", "complex", "center_surround", "texture")
WINDOW_S = 0.1
_PIXEL_MEAN, _PIXEL_SCALE = 127.0, 45.0


def simulate_recording(
    train_images: int = 2000,
    test_images: int = 100,
    neurons_per_kind: int = 12,
    image_size: int = 32,
    repeats: int = 20,
    seed: int = 0,
) -> Recording:
    """Simulate Poisson responses of simple, complex, centre-surround and texture cells.

    A neuron's rate is its drive over the contrast around its receptive field (divisive
    normalisation, Heeger 1992), scaled to a mean of 1 to 5 spikes per presentation (10
    to 50 Hz) of the test images:

    - simple: a Gabor filter's output, half-rectified and squared;
    - complex: the energy of a quadrature pair of Gabors (Adelson & Bergen 1985);
    - center_surround: a difference of Gaussians, half-rectified and squared, on- or
      off-centre;
    - texture: the Gabor energy averaged over all places where the filter, cut off 2
      standard deviations from its centre, is within the image.

    Args:
        train_images: Integer, number of images shown once; one in ten of them is marked
            for validation.
        test_images: Integer, number of images shown `repeats` times.
        neurons_per_kind: Integer, number of neurons of each of the four kinds.
        image_size: Integer, pixels a side.
        repeats: Integer, presentations of each test image.
        seed: Integer, seed of images, neurons and spikes.

    Returns:
        `Recording` with the columns `neurons/kind`, `neurons/filter` `(neurons, size,
        size)` of unit norm (of texture cells: one place of many, 0 where cut off),
        `neurons/true_rate` `(neurons, n)`, the rate behind the spikes, and, NaN where a
        kind has none: `neurons/row` and `neurons/column` of the receptive field's
        centre, pixels from the first pixel's; `neurons/orientation_deg` of the stripes,
        counter-clockwise from horizontal, below 180; `neurons/frequency` of the Gabor's
        grating, cycles per pixel.

    Example:

    >>> recording = simulate_recording(
    ...     40, 10, neurons_per_kind=1, image_size=16, repeats=5
    ... )
    >>> recording.images.shape, recording.responses.shape, recording.repeats.shape
    ((50, 16, 16), (50, 4), (10, 5, 4))
    """
    least = min(train_images, test_images, neurons_per_kind)
    if least < 1 or repeats < 2 or image_size < 12:
        raise ValueError(
            f"a simulation of {train_images} train and {test_images} test images of"
            f" {image_size} pixels, {neurons_per_kind} neurons a kind, {repeats}"
            " repeats; expected at least 1, 1, 12, 1 and 2"
        )
    count = train_images + test_images
    presentations = test_images * repeats
    neurons = len(KINDS) * neurons_per_kind
    # Pixels, contrasts and their squares; filters; rates and spikes.
    numbers = 3 * (count + neurons) * image_size**2
    numbers += (2 * count + presentations) * neurons
    check_memory("this simulation", 8 * numbers)
    # Separate generators: more training images change neither the neurons nor the test
    # images.
    generators = [np.random.default_rng((seed, part)) for part in range(4)]
    for_train, for_test, for_cells, for_spikes = generators
    train = dead_leaves(train_images, image_size, for_train)
    images = np.concatenate([train, dead_leaves(test_images, image_size, for_test)])
    contrast = (images - _PIXEL_MEAN) / _PIXEL_SCALE
    kinds = np.repeat(KINDS, neurons_per_kind).tolist()
    cells = [_cell(kind, image_size, for_cells) for kind in kinds]
    rates = np.stack([rate_of(cell, contrast) for cell in cells], axis=1)
    tested = np.arange(train_images, train_images + test_images)
    means = rates[tested].mean(axis=0)
    if not means.all():
        raise ValueError(
            f"a cell answers none of the {test_images} test images; simulate more of"
            " them, or take another seed"
        )
    # Spikes per presentation of the test images, at the mean.
    rates *= np.exp(for_cells.uniform(np.log(1), np.log(5), len(cells))) / means

    responses = for_spikes.poisson(rates).astype(np.float32)
    shape = (test_images, repeats, len(cells))
    spikes = for_spikes.poisson(rates[tested, None], shape).astype(np.float32)
    responses[tested] = spikes.mean(axis=1)
    split = np.full(len(images), TRAIN)
    split[:train_images:10] = VALIDATION
    split[tested] = TEST
    return Recording(
        images,
        responses,
        split=split,
        repeats=spikes,
        repeat_images=tested,
        neurons=_columns(cells, rates),
        attributes={
            "name": "simulated",
            "units": "spikes per presentation",
            "window_s": WINDOW_S,
            "presentations": 1,
            "species": "none",
            "area": "V1 (simulated)",
            "technique": "simulation",
            "license": "Apache-2.0",
            "source": (
                f"v1keras.simulate_recording({train_images}, {test_images},"
                f" {neurons_per_kind}, {image_size}, {repeats}, {seed})"
            ),
        },
    )


def _columns(cells, rates):
    """Return the columns of neurons: their kinds, filters, rates and places."""
    filters = np.stack([cell["filters"][0] for cell in cells])
    columns = {
        "kind": np.array([cell["kind"] for cell in cells]),
        "filter": filters.astype(np.float32),
        "true_rate": rates.T.astype(np.float32),
    }
    for name in ("row", "column", "orientation_deg", "frequency"):
        columns[name] = np.array([cell[name] for cell in cells])
    return columns


def rate_of(cell, contrast):
    """Return the unscaled rate of one simulated neuron.

    Args:
        cell: Dict of `kind`, `filters` (a list of `(size, size)`, unit norm; those of a
            texture cell are moved to wherever the part that is not 0 is within the
            image) and `pool` `(size, size)`, weights that sum to 1.
        contrast: Array `(n, size, size)` of images, zero-mean grey.

    Returns:
        `(n,)` rates >= 0.
    """
    flat = contrast.reshape(len(contrast), -1)
    if cell["kind"] == "texture":
        outputs = [_within(contrast, f) for f in cell["filters"]]
        drive = sum(np.square(output).mean(axis=(1, 2)) for output in outputs)
    elif cell["kind"] == "complex":
        drive = sum(np.square(flat @ f.ravel()) for f in cell["filters"])
    else:
        drive = np.square(np.maximum(flat @ cell["filters"][0].ravel(), 0))
    return drive / (0.5 + np.square(flat) @ cell["pool"].ravel())


def _within(images, kernel):
    """Return the correlation of images with the part of a kernel that is not 0.

    It is taken where all of that part is within the image.
    """
    rows, columns = np.nonzero(kernel)
    part = kernel[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    size = images.shape[1:]
    spectrum = np.fft.rfft2(images) * np.conj(np.fft.rfft2(part, size))
    output = np.fft.irfft2(spectrum, size)
    return output[:, : size[0] - part.shape[0] + 1, : size[1] - part.shape[1] + 1]


def _cell(kind, size, rng):
    """Draw one cell of a kind, as a dict that `rate_of` takes."""
    center = (0.5 + rng.uniform(-0.15, 0.15, 2)) * (size - 1)
    width = rng.uniform(0.07, 0.1) * size  # standard deviation of the envelope, pixels
    whole = kind == "texture"
    reach = 2 * width if whole else np.inf
    orientation = cycles = np.nan
    if kind == "center_surround":
        sign = rng.choice([-1, 1])
        surround = _gaussian(size, center, 1.2 * width)
        filters = [sign * (_gaussian(size, center, 0.6 * width) - surround)]
    else:
        theta, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        # Cycles per pixel: one to two periods under the envelope.
        cycles = rng.uniform(0.25, 0.4) / width
        # Theta is the direction across the stripes, clockwise from rightward.
        orientation = (90 - np.degrees(theta)) % 180
        phases = [phase] if kind == "simple" else [phase, phase + np.pi / 2]
        envelope = _gaussian(size, center, width, reach)
        waves = [_grating(size, center, theta, cycles, shifted) for shifted in phases]
        filters = [envelope * wave for wave in waves]
    # Blind to mean luminance.
    bump = _gaussian(size, center, width, reach)
    filters = [f - bump * f.sum() for f in filters]
    pool = _gaussian(size, center, 2.5 * width)
    if whole:
        center = (np.nan, np.nan)
        pool = np.full((size, size), size**-2.0)
    return {
        "kind": kind,
        "filters": [f / np.linalg.norm(f) for f in filters],
        "pool": pool,
        "row": center[0],
        "column": center[1],
        "orientation_deg": orientation,
        "frequency": cycles,
    }


def _gaussian(size, center, width, reach=np.inf):
    """Return a Gaussian that sums to 1, and is 0 beyond `reach` pixels."""
    rows, columns = np.mgrid[:size, :size]
    squares = (rows - center[0]) ** 2 + (columns - center[1]) ** 2
    bump = np.exp(-squares / (2 * width**2)) * (squares <= reach**2)
    return bump / bump.sum()


def _grating(size, center, theta, cycles, phase):
    """Return a sinusoidal grating."""
    rows, columns = np.mgrid[:size, :size]
    along = (columns - center[1]) * np.cos(theta) + (rows - center[0]) * np.sin(theta)
    return np.cos(2 * np.pi * cycles * along + phase)
