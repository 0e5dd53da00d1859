"""More than one stimulus: sets that differ and drive alike, and images that a
population can't tell apart.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.objectives import response_distance, set_distance, shortfall

# What a shortfall of the rate counts against the distance within the set.
_PENALTY = 10.0
# Steps back from a stimulus that went too far, towards the one it started from.
_BACK = np.linspace(0, 1, 17)


def diverse_set(
    ascent: GradientAscent,
    neurons: Sequence[int] | np.ndarray,
    size: int = 8,
    share: float = 0.85,
    steps: int = 150,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """For each neuron a set of stimuli that differ as much as they can and still drive
    it.

    A complex cell's differ in phase, where a simple cell's can't. The set begins with
    the stimuli of `size` ascents from different noise; then the distance within the set
    is made large, at a penalty where the rate falls short; what still does is taken
    back towards the neuron's best stimulus until it does not.

    Args:
        ascent: a `GradientAscent` for the rate of the neuron.
        neurons: indices.
        size: of a set.
        share: of the neuron's best rate that each of its stimuli keeps.
        steps: of each of the two ascents, at most.
        seed: of the noise.

    Returns:
        (stimuli `(n, size, height, width)` in pixel units, rates `(n, size)`).

    Reference: Cadena et al. 2018 (ECCV, Diverse feature visualizations reveal
    invariances); Ding et al. 2023 (bioRxiv 2023.03.15.532836).

    Example:

    >>> from v1keras.inversion import ContrastConstraint
    >>> filters = np.linalg.qr(np.random.default_rng(0).normal(size=(36, 2)))[0].astype(
    ...     "float32"
    ... )
    >>> energy = lambda images: tf.reduce_sum(
    ...     tf.square((tf.reshape(images, (-1, 36)) - 100) @ filters),
    ...     axis=1,
    ...     keepdims=True,
    ... )
    >>> stimuli, rates = diverse_set(
    ...     GradientAscent(energy, (6, 6), ContrastConstraint(100, 50, 0, 255)),
    ...     [0],
    ...     size=4,
    ... )
    >>> stimuli.shape, bool(rates.min() > 0.85 * rates.max() - 1e-3)
    ((1, 4, 6, 6), True)
    """
    neurons = np.atleast_1d(neurons)
    found = ascent.run(neurons, steps, seed, restarts=size)
    objective = set_distance(size) - _PENALTY * shortfall(
        np.repeat(found.rates, size), share
    )
    apart = GradientAscent(
        ascent.rates,
        ascent.image_size,
        ascent.constraint,
        objective,
        ascent.images,
        ascent.blur,
        own=ascent.own,
    )
    started = found.restart_stimuli.reshape(-1, *ascent.image_size)
    spread = apart.run(
        np.repeat(neurons, size),
        steps,
        seed,
        start=started,
        chunk=max(128 // size, 1) * size,
    )
    best = np.repeat(found.stimuli, size, axis=0) - ascent.constraint.grey
    stimuli, rates, least = (
        spread.stimuli.copy(),
        spread.rates,
        share * np.repeat(found.rates, size),
    )
    for back in _BACK[1:]:
        short = np.flatnonzero(rates < least)
        if not short.size:
            break
        mixed = (1 - back) * (
            spread.stimuli[short] - ascent.constraint.grey
        ) + back * best[short]
        images = ascent.constraint.images(ascent.constraint.project(mixed[..., None]))
        stimuli[short] = images[..., 0]
        rates[short] = ascent.own(
            images, tf.constant(np.repeat(neurons, size)[short], tf.int32)
        )
    shape = (len(neurons), size)
    return stimuli.reshape(*shape, *ascent.image_size), rates.reshape(shape)


def reconstruct(
    ascent: GradientAscent,
    responses: np.ndarray,
    count: int = 2,
    steps: int = 500,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Images to which the population answers as given.

    With `count` of 2 or more and a response to a known image they are metamers: what
    they share is what the population tells of the image, and where they differ it is
    blind.

    Args:
        ascent: a `GradientAscent` on the population; its objective is not used. Its
            constraint sets the contrast of what is found.
        responses: `(n, N)` rates to reach.
        count: images for each, from different noise.
        steps: at most.
        seed: of the noise.

    Returns:
        (images `(n, count, height, width)` in pixel units, distances `(n, count)`: the
        mean squared difference from the response over the response's variance over
        neurons).

    Reference: Freeman & Simoncelli 2011 (Nature Neuroscience 14:1195) on metamers.

    Example:

    >>> from v1keras.inversion import ContrastConstraint
    >>> filters = np.linalg.qr(np.random.default_rng(0).normal(size=(36, 9)))[0].astype(
    ...     "float32"
    ... )
    >>> rates = lambda images: tf.nn.softplus(
    ...     (tf.reshape(images, (-1, 36)) - 100) @ filters
    ... )
    >>> contrast = ContrastConstraint(100, 50, 0, 255)
    >>> image = contrast.images(
    ...     contrast.project(np.random.default_rng(1).normal(size=(1, 6, 6, 1)))
    ... )
    >>> images, distances = reconstruct(
    ...     GradientAscent(rates, (6, 6), contrast), rates(image)
    ... )
    >>> images.shape, bool(distances.max() < 0.01)
    ((1, 2, 6, 6), True)
    """
    responses = np.atleast_2d(responses)
    objective = -response_distance(np.repeat(responses, count, axis=0))
    towards = GradientAscent(
        ascent.rates,
        ascent.image_size,
        ascent.constraint,
        objective,
        ascent.images,
        ascent.blur,
        own=ascent.own,
    )
    # Which neuron a row is said to be of only picks its noise.
    found = towards.run(np.zeros(len(responses), int), steps, seed, restarts=count)
    return found.restart_stimuli, -found.restart_values
