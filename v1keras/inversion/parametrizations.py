"""Parametrisations of a stimulus: what a gradient step moves."""

import numpy as np
import tensorflow as tf


class Pixels:
    """Each pixel by itself.

    Example:

    >>> Pixels().step(tf.ones((1, 2, 2, 1))).shape
    TensorShape([1, 2, 2, 1])
    """

    def start(self, noise: tf.Tensor) -> tf.Tensor:
        """Return the pattern `(batch, height, width, 1)` of noise in the parameters."""
        return noise

    def step(self, gradient: tf.Tensor) -> tf.Tensor:
        """The step in pixels that a gradient step in the parameters makes, from the
        gradient by pixels; the same shape.
        """
        return gradient

    def __repr__(self):
        return "Pixels()"


class Fourier:
    """Fourier amplitudes over frequency^decay, in which the spectrum of natural images
    is flat; images need not be square.

    A parameter's step moves its frequency by the square of what it counts: coarse
    structure first, fine structure later, and no single pixel stands out. Noise in the
    parameters is noise with the spectrum of natural images.

    Args:
        decay: 1 for the amplitudes of natural images; 0 is `Pixels`.

    Reference: Olah, Mordvintsev & Schubert 2017 (Distill, Feature visualization), on
        preconditioning; Field 1987 (JOSA A 4:2379).

    Example:

    >>> smooth = Fourier().start(tf.random.stateless_normal((1, 32, 48, 1), (0, 0)))
    >>> (
    ...     smooth.shape,
    ...     bool(
    ...         tf.reduce_mean(tf.abs(smooth[:, 1:] - smooth[:, :-1]))
    ...         < tf.math.reduce_std(smooth)
    ...     ),
    ... )
    (TensorShape([1, 32, 48, 1]), True)
    """

    def __init__(self, decay: float = 1.0) -> None:
        self.decay = decay

    def start(self, noise: tf.Tensor) -> tf.Tensor:
        return self._weighted(noise, 1)

    def step(self, gradient: tf.Tensor) -> tf.Tensor:
        return self._weighted(gradient, 2)

    def _weighted(self, images, power):
        height, width = images.shape[1:3]
        frequency = np.hypot(
            np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
        )  # cycles per pixel
        counts = (
            np.maximum(frequency, 1 / max(height, width)) ** -self.decay
        )  # the mean counts what the slowest wave does
        counts = tf.constant((counts / counts.max()) ** power, tf.complex64)
        spectrum = tf.signal.rfft2d(images[..., 0])
        return tf.signal.irfft2d(spectrum * counts, fft_length=[height, width])[
            ..., None
        ]

    def __repr__(self):
        return f"Fourier(decay={self.decay:g})"
