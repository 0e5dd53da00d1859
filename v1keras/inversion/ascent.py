"""`GradientAscent`: from noise to the stimulus that maximizes an objective."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from v1keras.inversion.ascent_loop import AscentLoop, prolong, smooth
from v1keras.inversion.contrast import ContrastConstraint
from v1keras.inversion.kept import kept, unchanging_weights
from v1keras.inversion.objectives import Objective, rate, take_targets
from v1keras.inversion.parametrizations import Fourier, Pixels
from v1keras.inversion.rates import compiled
from v1keras.inversion.result import PreferredStimuli, join_chunks, refuse_non_finite

_MOST_STEPS, _MOST_RESTARTS = 100_000, 1000


class GradientAscent:
    """Projected gradient ascent on the sphere of one contrast norm.

    Many stimuli ascend at once, all within the pixel range. A step goes along the
    gradient; the part that would only raise the contrast is removed, and the rest is
    smoothed by a Gaussian and by the parametrization. Both are positive operators, so
    fixed points are stationary points of the unsmoothed objective; smoothing changes
    only the path. The Gaussian's width falls to zero within some tens of steps. Each
    stimulus has its own step length: shorter after a step that lowered the objective,
    longer after one that raised it. A stimulus that has converged takes no further
    steps.

    The loop is compiled once: calls with other neurons, starts, numbers of steps or
    seeds use the same graph. So do other ascents on the rate of a model's neurons
    whose contrast alone differs, as long as the model's weights stay the same.

    Args:
        model: Model of images alone, with `image_size` and `neuron_rate_fn`; or any
            callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`, differentiable by TensorFlow.
        contrast: `ContrastConstraint` of the stimuli.
        objective: `Objective` to maximize; None for the rate of the neuron.
        parametrization: `Pixels()` or `Fourier()`; None for pixels.
        blur: Float, standard deviation of the Gaussian at the first step, in pixels; 0
            for none.
        jitter: Integer, largest shift of the images in each step, in pixels. Shifts
            keep the stimulus from depending on the sampling grid.
        image_size: Tuple (height, width) in pixels; None for that of the model.

    Raises:
        ValueError: The norm, the blur or the jitter does not fit the image and its
            pixel range, or the size of the images is not known.

    Reference: Walker et al. 2019 (Nature Neuroscience 22:2060) for most exciting inputs
        under a contrast constraint.

    Example:

    >>> from v1keras.inversion import ContrastConstraint
    >>> filters = np.random.default_rng(0).normal(size=(36, 2)).astype("float32")
    >>> linear_nonlinear = lambda images: tf.exp(
    ...     (tf.reshape(images, (-1, 36)) - 100) @ filters / 100
    ... )
    >>> contrast = ContrastConstraint(grey=100, norm=50, low=0, high=255)
    >>> ascent = GradientAscent(linear_nonlinear, contrast, blur=0, image_size=(6, 6))
    >>> pattern = ascent.run([0, 1]).patterns[1].ravel()
    >>> cosine = pattern @ filters[:, 1] / np.linalg.norm(filters[:, 1]) / 50
    >>> bool(cosine > 0.999)
    True
    """

    @unchanging_weights()
    def __init__(
        self,
        model: Callable[[Any], Any],
        contrast: ContrastConstraint,
        objective: Objective | None = None,
        parametrization: Pixels | Fourier | None = None,
        blur: float = 1.0,
        jitter: int = 0,
        image_size: tuple[int, ...] | None = None,
    ) -> None:
        self.model = model
        self.image_size = _image_size(model, image_size)
        contrast.check(self.image_size)
        _check_pixels("blur", blur, self.image_size)
        _check_pixels("jitter", jitter, self.image_size)
        self.contrast = contrast
        self.objective = objective or rate()
        self.parametrization = parametrization or Pixels()
        self.blur = blur
        self.jitter = jitter
        self.rate_fn, self.neuron_rate_fn = _rate_functions(model)
        make_loop = functools.partial(
            AscentLoop,
            self.rate_fn,
            self.neuron_rate_fn,
            self.image_size,
            self.objective,
            self.parametrization,
            blur,
            jitter,
        )
        if self.objective.key is not None and hasattr(model, "neuron_rate_fn"):
            options = (self.image_size, self.parametrization, blur, jitter)
            key = ("ascent", self.objective.key, *options)
            self._loop = kept(model, key, make_loop)
        else:
            self._loop = make_loop()
        self._contrast_tensors = contrast.tensors(self.image_size)
        self._neuron_count: int | None = None

    def run(
        self,
        neurons: Sequence[int] | np.ndarray,
        steps: int = 300,
        seed: int = 0,
        restarts: int = 1,
        start: np.ndarray | None = None,
        chunk: int = 128,
    ) -> PreferredStimuli:
        """Synthesize a stimulus for each neuron.

        Args:
            neurons: Sequence of indices below N.
            steps: Integer, largest number of steps.
            seed: Integer, seed of the noise that stimuli start from.
            restarts: Integer, number of starts per neuron, of which the best is kept.
            start: `(neurons * restarts, height, width)` images in pixel units to start
                from, a neuron's restarts in sequence; None for noise.
            chunk: Integer, stimuli per batch, rounded down to whole neurons and sets;
                bounds the memory.

        Returns:
            `PreferredStimuli`.

        Raises:
            ValueError: No neurons, or one that does not exist; no steps or restarts;
                not one image to start from per stimulus; or stimuli that do not make
                whole sets.
            FloatingPointError: An objective is not finite; the message names the neuron
                and the step.
        """
        neurons = np.atleast_1d(np.asarray(neurons, np.int32))
        self._check(neurons, steps, restarts, start)
        repeated = np.repeat(neurons, restarts)
        whole = math.lcm(restarts, self.objective.set_size)
        chunk_size = max(chunk // whole, 1) * whole
        chunks = []
        take_targets(self._loop.objective, self.objective)
        for begin in range(0, len(repeated), chunk_size):
            part = repeated[begin : begin + chunk_size]
            rows = np.arange(begin, begin + len(part), dtype=np.int32)
            if start is None:
                patterns = self._noise(part, rows % restarts, seed)
            else:
                patterns = self._patterns(start[begin : begin + chunk_size])
            arrays = self._loop(
                patterns, part, rows, steps, seed, self._contrast_tensors
            )
            numbers = [arrays["trace"], arrays["values"], arrays["rates"]]
            refuse_non_finite(np.vstack(numbers), part)
            arrays["trace"] = prolong(arrays["trace"], arrays["values"], steps)
            chunks.append(arrays)
        return self._best(neurons, restarts, join_chunks(chunks))

    def _best(self, neurons, restarts, arrays):
        """Return the best of each neuron's restarts."""
        values = arrays["values"].reshape(-1, restarts)
        best = np.arange(len(neurons)) * restarts + values.argmax(axis=1)
        restart_stimuli = arrays["stimuli"].reshape(-1, restarts, *self.image_size)
        return PreferredStimuli(
            neurons=neurons,
            stimuli=arrays["stimuli"][best],
            rates=arrays["rates"][best],
            values=arrays["values"][best],
            trace=arrays["trace"][:, best],
            converged=arrays["converged"][best],
            no_initial_gradient=arrays["no_initial_gradient"][best],
            restart_stimuli=restart_stimuli,
            restart_values=values,
            contrast=self.contrast,
        )

    def _check(self, neurons, steps, restarts, start):
        if not 1 <= steps <= _MOST_STEPS or not 1 <= restarts <= _MOST_RESTARTS:
            raise ValueError(
                f"{steps} steps and {restarts} restarts: expected from 1 to"
                f" {_MOST_STEPS:,} and from 1 to {_MOST_RESTARTS:,}"
            )
        if self._neuron_count is None:
            grey = tf.fill((1, *self.image_size, 1), float(self.contrast.grey))
            self._neuron_count = int(self.rate_fn(grey).shape[1])
        outside = neurons[(neurons < 0) | (neurons >= self._neuron_count)]
        if not neurons.size or outside.size:
            example = outside[0] if outside.size else "none"
            raise ValueError(
                f"neurons: found {example}, expected indices from 0 to"
                f" {self._neuron_count - 1}"
            )
        count = len(neurons) * restarts
        if start is not None and np.shape(start) != (count, *self.image_size):
            raise ValueError(
                f"start: found images of {np.shape(start)}, expected"
                f" {(count, *self.image_size)}"
            )
        if count % self.objective.set_size:
            raise ValueError(
                f"found {count} stimuli, expected a multiple of"
                f" {self.objective.set_size}, the size of the sets that"
                f" {self.objective} compares"
            )

    def _noise(self, neurons, restarts, seed):
        """Return noise that depends on neuron, restart and seed alone."""
        size = (*self.image_size, 1)
        patterns = []
        for neuron, restart in zip(neurons, restarts, strict=True):
            generator = np.random.default_rng((seed, neuron, restart))
            patterns.append(generator.normal(size=size).astype("float32"))
        noise = self.parametrization.start(tf.constant(np.stack(patterns)))
        return smooth(noise, self.blur, self.blur)

    def _patterns(self, images):
        """Return the patterns of images in pixel units."""
        images = np.asarray(images, "float32")[..., None]
        return tf.constant(images) - self.contrast.grey


def _check_pixels(name, value, image_size):
    """Refuse a number of pixels that is none, or more than an image has a side."""
    largest = min(image_size)
    if not 0 <= value <= largest:  # NaN neither
        raise ValueError(
            f"{name}: found {value!r}, expected 0 to {largest} pixels, the side of the"
            " images"
        )


def _image_size(model, image_size):
    size = image_size or getattr(model, "image_size", None)
    if size is None:
        raise ValueError(
            "image_size: found None, expected (height, width); only a model has a size"
            " of its own"
        )
    return tuple(size)


def _rate_functions(model):
    """Return images -> all rates, and images, neurons -> one rate per image."""
    if hasattr(model, "neuron_rate_fn"):
        return compiled(model), kept(model, "neuron rates", model.neuron_rate_fn)

    def neuron_rate_fn(images, neurons):
        return tf.gather(model(images), neurons, axis=1, batch_dims=1)

    return model, neuron_rate_fn
