"""The ascent from noise to the stimulus that drives a neuron most."""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass
class Inversion:
    """What an inversion found.

    Args:
        neurons: `(n,)` indices.
        stimuli: `(n, height, width)` float32, in pixel units.
        rates: `(n,)` the model's rate to each neuron's stimulus.
        trace: `(steps, n)` the rates on the way.
    """

    neurons: np.ndarray
    stimuli: np.ndarray
    rates: np.ndarray
    trace: np.ndarray


def invert(rates, neurons, image_size, constraint, steps=300, blur=1.0, step_size=0.2, seed=0, chunk=128):
    """Synthesizes the stimulus that each neuron's model answers with the highest rate.

    Projected gradient ascent on the sphere of one contrast norm within the pixel range. A step goes along the gradient, of which the part
    that would only raise the contrast is taken out and which is then smoothed by a Gaussian: a positive operator, so that the ascent
    comes to rest only where the rate itself is highest, and the smoothing merely shapes the way there. Its width falls to zero in
    proportion to the steps left; the length of a step, a share of the norm, falls to zero by a cosine.

    Args:
        rates: callable, images `(batch, height, width, 1)` in pixel units -> rates `(batch, N)`, differentiable by TensorFlow.
        neurons: indices below N. All of them (by `chunk`) are optimised at once.
        image_size: (height, width) in pixels.
        constraint: a `Contrast`.
        steps: of the ascent.
        blur: standard deviation of the Gaussian at the first step, pixels; 0 for none.
        step_size: first step, as a share of the norm.
        seed: of the noise that each neuron starts from.
        chunk: neurons in one batch; bounds the memory.

    Returns:
        An `Inversion`.

    Raises:
        ValueError: the norm does not fit the image and its pixel range.
        FloatingPointError: a rate is not finite; says which neuron's and at which step.

    Reference: Walker et al. 2019 (Nature Neuroscience 22:2060) for most exciting inputs under a contrast constraint.

    Example:

    >>> import numpy as np, tensorflow as tf
    >>> from v1keras.inversion import Contrast, invert
    >>> filters = np.random.default_rng(0).normal(size=(36, 2)).astype("float32")
    >>> linear_nonlinear = lambda images: tf.exp((tf.reshape(images, (-1, 36)) - 100) @ filters / 100)
    >>> found = invert(linear_nonlinear, [0, 1], (6, 6), Contrast(grey=100, norm=50, low=0, high=255), blur=0)
    >>> pattern = found.stimuli[1].ravel() - 100
    >>> bool(pattern @ filters[:, 1] > 0.999 * np.linalg.norm(pattern) * np.linalg.norm(filters[:, 1]))
    True
    """
    neurons = np.atleast_1d(np.asarray(neurons, int))
    constraint.check(image_size[0] * image_size[1])
    ascend = _ascent(rates, constraint, steps, blur, step_size)
    batch = min(chunk, len(neurons))
    parts = []
    for begin in range(0, len(neurons), batch):
        part = np.resize(neurons[begin : begin + batch], batch)  # the last one filled up, so that all have one shape
        noise = [np.random.default_rng((seed, neuron)).normal(size=(*image_size, 1)) for neuron in part]
        found = [a.numpy() for a in ascend(tf.constant(np.stack(noise), tf.float32), tf.constant(part, tf.int32))]
        _refuse_non_finite(np.vstack([found[2], found[1]]), part)
        parts.append(found)
    images, reached, trace = (np.concatenate(a, axis=axis) for a, axis in zip(zip(*parts), (0, 0, 1)))
    count = len(neurons)
    return Inversion(neurons, images[:count, ..., 0], reached[:count], trace[:, :count])


def _ascent(rates, constraint, steps, blur, step_size):
    def rate_of_own(pattern, neurons):
        return tf.gather(rates(constraint.grey + pattern), neurons, axis=1, batch_dims=1)  # (batch,)

    @tf.function
    def ascend(noise, neurons):
        pattern = constraint.project(_smooth(noise, blur, blur))
        trace = tf.TensorArray(tf.float32, steps)
        for step in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(pattern)
                reached = rate_of_own(pattern, neurons)
            gradient = tape.gradient(reached, pattern)
            progress = tf.cast(step, tf.float32) / steps
            trace = trace.write(step, reached)
            free = tf.cast(constraint.free(pattern), tf.float32)
            inward = tf.cast(gradient * pattern < 0, tf.float32)  # a pixel at the edge may only come back
            along = _dot(gradient * free, pattern) / (_dot(pattern * free, pattern) + 1e-30)
            gradient = free * (gradient - along * pattern) + (1 - free) * inward * gradient
            # Scaled first: the gradient of a rate near zero is too small to be squared.
            gradient /= tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True) + 1e-30
            direction = _smooth(gradient, blur * (1 - progress), blur)
            direction /= tf.sqrt(_dot(direction, direction)) + 1e-30
            length = step_size * constraint.norm * (0.5 + 0.5 * tf.cos(np.pi * progress))
            pattern = constraint.project(pattern + length * direction)
        return constraint.grey + pattern, rate_of_own(pattern, neurons), trace.stack()

    return ascend


def _dot(a, b):
    return tf.reduce_sum(a * b, axis=(1, 2, 3), keepdims=True)


def _smooth(images, width, widest):
    """Convolution with a Gaussian of a standard deviation of `width` pixels, at most `widest`; zero beyond the image."""
    reach = int(np.ceil(3 * widest))
    if not reach:
        return images
    offsets = tf.range(-reach, reach + 1, dtype=tf.float32)
    kernel = tf.exp(-0.5 * tf.square(offsets / tf.maximum(width, 1e-3)))
    kernel /= tf.reduce_sum(kernel)
    down = tf.nn.conv2d(images, kernel[:, None, None, None], 1, "SAME")
    return tf.nn.conv2d(down, kernel[None, :, None, None], 1, "SAME")


def _refuse_non_finite(trace, neurons):
    bad = ~np.isfinite(trace)
    if bad.any():
        step, place = np.argwhere(bad)[0]
        raise FloatingPointError(f"the rate of neuron {neurons[place]} is {trace[step, place]} at step {step} of the inversion")
