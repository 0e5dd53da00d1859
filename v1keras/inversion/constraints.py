"""Which stimuli are allowed."""

import dataclasses

import numpy as np
import tensorflow as tf

_BISECTIONS = 30


@dataclasses.dataclass(frozen=True)
class Contrast:
    """Stimuli of one contrast within the pixel range.

    A stimulus is `grey` plus a pattern; the pattern's Euclidean norm over pixels is `norm`, and no pixel leaves [`low`, `high`].

    Args:
        grey: the pixel value of no contrast.
        norm: of the pattern, in pixel units: RMS contrast times the square root of the number of pixels.
        low: smallest pixel value, below `grey`.
        high: largest pixel value, above `grey`.

    Raises:
        ValueError: `norm` is not positive, or `grey` is not between `low` and `high`.

    Example:

    >>> import numpy as np
    >>> pattern = Contrast(grey=100, norm=40, low=0, high=255).project(np.array([[[[3.0], [4.0]]]], "float32"))
    >>> pattern.numpy().ravel().round(3).tolist()
    [24.0, 32.0]
    """

    grey: float
    norm: float
    low: float
    high: float

    def __post_init__(self):
        if not (self.norm > 0 and np.isfinite(self.norm)):
            raise ValueError(f"contrast norm: found {self.norm}, expected a number above 0")
        if not self.low < self.grey < self.high:
            raise ValueError(f"grey {self.grey} is not between the pixel range's {self.low} and {self.high}")

    def check(self, pixels):
        """Refuses a norm that no image of `pixels` pixels within the range can have.

        Raises:
            ValueError: names the largest norm that fits.
        """
        largest = max(self.grey - self.low, self.high - self.grey) * pixels**0.5
        if self.norm > largest:
            raise ValueError(f"contrast norm {self.norm:g} does not fit {pixels} pixels from {self.low:g} to {self.high:g}: at most {largest:g}")

    def project(self, pattern):
        """The allowed pattern in the direction of `pattern`: scaled and clipped until its norm is `norm`.

        Args:
            pattern: `(batch, height, width, 1)`, zero where there is no contrast.

        Returns:
            The same shape. A pattern with too few pixels that differ from zero to reach the norm comes out with as much as fits.
        """
        pattern = tf.convert_to_tensor(pattern, tf.float32)
        low, high = self.low - self.grey, self.high - self.grey
        pattern *= self.norm / (_norm(pattern) + 1e-30)  # now a scale of 1 fits unless pixels are clipped

        def scaled(scale):
            return tf.clip_by_value(scale * pattern, low, high)

        # Clipping only takes away, so the scale lies above 1; its logarithm is found by bisection, each image's own.
        lower, upper = tf.zeros_like(pattern[:, :1, :1]), tf.fill(tf.shape(pattern[:, :1, :1]), 10.0)
        clipped = tf.reduce_any((pattern < low) | (pattern > high))
        if clipped:
            for _ in range(_BISECTIONS):
                middle = (lower + upper) / 2
                short = _norm(scaled(tf.exp(middle))) < self.norm
                lower, upper = tf.where(short, middle, lower), tf.where(short, upper, middle)
        return scaled(tf.exp(lower))

    def free(self, pattern):
        """`(batch, height, width, 1)` bool: pixels that are not at the edge of the range."""
        return (pattern > self.low - self.grey) & (pattern < self.high - self.grey)


def _norm(pattern):
    return tf.sqrt(tf.reduce_sum(tf.square(pattern), axis=(1, 2, 3), keepdims=True))
