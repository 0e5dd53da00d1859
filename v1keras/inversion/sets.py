"""Sets of stimuli.

`diverse_set` makes stimuli that differ and drive a neuron alike, `reconstruct` images
that a population cannot distinguish.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.objectives import response_distance, set_distance, shortfall

# Weight of a shortfall of the rate against the distance within the set.
_PENALTY = 10.0
# Stimuli in one batch.
_CHUNK = 128
# Weights of the neuron's best stimulus, with which a stimulus is mixed whose rate is
# too low.
_MIXTURES = np.linspace(0, 1, 17)[1:]


def diverse_set(
    ascent: GradientAscent,
    neurons: Sequence[int] | np.ndarray,
    size: int = 8,
    share: float = 0.85,
    steps: int = 150,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Synthesize sets of stimuli that differ most and still drive their neuron.

    The stimuli of a complex cell differ in phase; those of a simple cell cannot. A set
    starts with the stimuli of `size` ascents from different noise. Then the distance
    within the set is increased, with a penalty where a rate falls short. A stimulus
    that still falls short is mixed with the neuron's best until it does not.

    Args:
        ascent: `GradientAscent` of the rate of the neuron.
        neurons: Sequence of indices.
        size: Integer, stimuli per set.
        share: Float, fraction of the neuron's best rate that every stimulus keeps.
        steps: Integer, largest number of steps of each of the two ascents.
        seed: Integer, seed of the noise.

    Returns:
        Tuple `(stimuli, rates)`: `(n, size, height, width)` in pixel units, and `(n,
        size)`.

    Reference: Cadena et al. 2018 (ECCV, Diverse feature visualizations reveal
        invariances); Ding et al. 2023 (bioRxiv 2023.03.15.532836).

    Example:

    >>> from v1keras.inversion import ContrastConstraint
    >>> normal = np.random.default_rng(0).normal(size=(36, 2))
    >>> filters = np.linalg.qr(normal)[0].astype("float32")
    >>> drive = lambda images: (tf.reshape(images, (-1, 36)) - 100) @ filters
    >>> energy = lambda images: tf.reduce_sum(drive(images) ** 2, 1, keepdims=True)
    >>> contrast = ContrastConstraint(100, 50, 0, 255)
    >>> ascent = GradientAscent(energy, contrast, image_size=(6, 6))
    >>> stimuli, rates = diverse_set(ascent, [0], size=4)
    >>> stimuli.shape, bool(rates.min() > 0.85 * rates.max() - 1e-3)
    ((1, 4, 6, 6), True)
    """
    neurons = np.atleast_1d(neurons)
    first = ascent.run(neurons, steps, seed, restarts=size)
    best_rates = np.repeat(first.rates, size)
    zero = _zero_rates(ascent.model, np.repeat(neurons, size))
    objective = set_distance(size) - _PENALTY * shortfall(best_rates, share, zero)
    diverse = _with_objective(ascent, objective).run(
        np.repeat(neurons, size),
        steps,
        seed,
        start=first.restart_stimuli.reshape(-1, *ascent.image_size),
        chunk=max(_CHUNK // size, 1) * size,
    )
    best_patterns = np.repeat(first.patterns, size, axis=0)
    targets = zero + share * (best_rates - zero)
    stimuli, rates = _raise_rates(ascent, diverse, best_patterns, targets)
    shape = (len(neurons), size)
    return stimuli.reshape(*shape, *ascent.image_size), rates.reshape(shape)


def _zero_rates(model, neurons):
    """Return the rates that stand for silence: not 0 where responses are no counts."""
    _, offset = getattr(model, "output_unit", (None, None))
    return np.zeros(len(neurons)) if offset is None else offset[neurons]


def _raise_rates(ascent, result, best_patterns, targets):
    """Return stimuli and rates; those below their target are mixed with the best."""
    contrast = ascent.contrast
    stimuli, rates = result.stimuli.copy(), result.rates
    for weight in _MIXTURES:
        short = np.flatnonzero(rates < targets)
        if not short.size:
            break
        mixed = (1 - weight) * result.patterns[short] + weight * best_patterns[short]
        images = contrast.images(contrast.project(mixed[..., None]))
        stimuli[short] = images[..., 0]
        neurons = tf.constant(result.neurons[short], tf.int32)
        rates[short] = ascent.neuron_rate_fn(images, neurons)
    return stimuli, rates


def reconstruct(
    ascent: GradientAscent,
    responses: np.ndarray,
    count: int = 2,
    steps: int = 500,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Synthesize images to which a population responds as given.

    With `count` of 2 or more and the response to a known image they are metamers: what
    they share is what the population encodes of the image, and it does not encode the
    differences.

    Args:
        ascent: `GradientAscent` on the population. Its objective is not used; its
            constraint sets the contrast of the images.
        responses: `(n, N)` rates to reach.
        count: Integer, images per response, from different noise.
        steps: Integer, largest number of steps.
        seed: Integer, seed of the noise.

    Returns:
        Tuple `(images, distances)`: `(n, count, height, width)` in pixel units, and
        `(n, count)` mean squared differences from the response in units of the
        response's variance over neurons.

    Reference: Freeman & Simoncelli 2011 (Nature Neuroscience 14:1195) on metamers.

    Example:

    >>> from v1keras.inversion import ContrastConstraint
    >>> normal = np.random.default_rng(0).normal(size=(36, 9))
    >>> filters = np.linalg.qr(normal)[0].astype("float32")
    >>> rates = lambda images: tf.nn.softplus(
    ...     (tf.reshape(images, (-1, 36)) - 100) @ filters
    ... )
    >>> contrast = ContrastConstraint(100, 50, 0, 255)
    >>> noise = np.random.default_rng(1).normal(size=(1, 6, 6, 1))
    >>> image = contrast.images(contrast.project(noise))
    >>> ascent = GradientAscent(rates, contrast, image_size=(6, 6))
    >>> images, distances = reconstruct(ascent, rates(image))
    >>> images.shape, bool(distances.max() < 0.01)
    ((1, 2, 6, 6), True)
    """
    responses = np.atleast_2d(responses)
    objective = -response_distance(np.repeat(responses, count, axis=0))
    # The neuron of a row only determines its noise.
    neurons = np.zeros(len(responses), int)
    result = _with_objective(ascent, objective).run(
        neurons, steps, seed, restarts=count
    )
    return result.restart_stimuli, -result.restart_values


def _with_objective(ascent, objective):
    """Return an ascent of the same stimuli on another objective."""
    return GradientAscent(
        ascent.model,
        ascent.contrast,
        objective,
        ascent.parametrization,
        ascent.blur,
        image_size=ascent.image_size,
    )
