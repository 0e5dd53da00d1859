"""Parametrizations of a stimulus: the parameters that a gradient step changes."""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True, repr=False)
class Pixels:
    """Parametrization by pixel values.

    Example:

    >>> Pixels().step(tf.ones((1, 2, 2, 1))).shape
    TensorShape([1, 2, 2, 1])
    """

    def start(self, noise: tf.Tensor) -> tf.Tensor:
        """Return the patterns `(batch, height, width, 1)` of noise parameters."""
        return noise

    def step(self, gradient: tf.Tensor) -> tf.Tensor:
        """Return the step in pixels that a gradient step in the parameters makes.

        Args:
            gradient: `(batch, height, width, 1)`, gradient with respect to pixels.
        """
        return gradient

    def __repr__(self):
        return "Pixels()"


@dataclasses.dataclass(frozen=True, repr=False)
class Fourier:
    """Parametrization by Fourier amplitudes, relative to frequency^-decay.

    In these parameters the spectrum of natural images is flat. A step changes a
    frequency by the square of its weight, so coarse structure comes first and single
    pixels do not stand out. Noise in the parameters has the spectrum of natural images.
    Images need not be square.

    Args:
        decay: Float, 1 for the amplitudes of natural images; 0 equals `Pixels`.

    Reference: Olah, Mordvintsev & Schubert 2017 (Distill, Feature visualization), on
        preconditioning; Field 1987 (JOSA A 4:2379).

    Example:

    >>> smooth = Fourier().start(tf.random.stateless_normal((1, 32, 48, 1), (0, 0)))
    >>> difference = tf.reduce_mean(tf.abs(smooth[:, 1:] - smooth[:, :-1]))
    >>> smooth.shape, bool(difference < tf.math.reduce_std(smooth))
    (TensorShape([1, 32, 48, 1]), True)
    """

    decay: float = 1.0

    def start(self, noise: tf.Tensor) -> tf.Tensor:
        """Return the patterns `(batch, height, width, 1)` of noise parameters."""
        return self._weighted(noise, 1)

    def step(self, gradient: tf.Tensor) -> tf.Tensor:
        """Return the step in pixels that a gradient step in the parameters makes.

        Args:
            gradient: `(batch, height, width, 1)`, gradient with respect to pixels.
        """
        return self._weighted(gradient, 2)

    def _weighted(self, images, power):
        """Return images whose spectrum is multiplied by a power of the weights."""
        height, width = images.shape[1:3]
        vertical, horizontal = np.fft.fftfreq(height), np.fft.rfftfreq(width)
        frequency = np.hypot(vertical[:, None], horizontal[None])  # cycles per pixel
        # The mean has the weight of the lowest frequency.
        weights = np.maximum(frequency, 1 / max(height, width)) ** -self.decay
        weights = tf.constant((weights / weights.max()) ** power, tf.complex64)
        spectrum = tf.signal.rfft2d(images[..., 0]) * weights
        return tf.signal.irfft2d(spectrum, fft_length=[height, width])[..., None]

    def __repr__(self):
        return f"Fourier(decay={self.decay:g})"
