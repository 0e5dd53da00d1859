"""`ContrastConstraint`: the stimuli that are allowed."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

_BISECTIONS = 30


@dataclasses.dataclass(frozen=True, eq=False)
class ContrastConstraint:
    """Stimuli of one contrast within the pixel range.

    A stimulus is `grey` plus a pattern; the pattern's Euclidean norm over pixels is
    `norm`, and no pixel leaves [`low`, `high`].

    Args:
        grey: Float, pixel value of no contrast.
        norm: Float, norm of the pattern in pixel units: RMS contrast times the square
            root of the number of pixels.
        low: Float, smallest pixel value, below `grey`.
        high: Float, largest pixel value, above `grey`.
        window: `(height, width)` bool, pixels that the pattern may fill (see `disk`);
            None for all.
        surround: `(height, width)` in pixel units, shown outside the window; None for
            grey.

    Raises:
        ValueError: `norm` is not positive, `grey` is not between `low` and `high`, or
            there is a surround without a window or of another shape.

    Example:

    >>> import numpy as np
    >>> contrast = ContrastConstraint(grey=100, norm=40, low=0, high=255)
    >>> pattern = contrast.project(np.array([[[[3.0], [4.0]]]], "float32"))
    >>> pattern.numpy().ravel().round(3).tolist()
    [24.0, 32.0]
    """

    grey: float
    norm: float
    low: float
    high: float
    window: np.ndarray | None = None
    surround: np.ndarray | None = None

    def __post_init__(self):
        if not (self.norm > 0 and np.isfinite(self.norm)):
            raise ValueError(
                f"contrast norm: found {self.norm}, expected a number above 0"
            )
        if not self.low < self.grey < self.high:
            raise ValueError(
                f"grey {self.grey} is not between the pixel range's {self.low} and"
                f" {self.high}"
            )
        if self.surround is not None and (
            self.window is None or np.shape(self.surround) != np.shape(self.window)
        ):
            raise ValueError(
                f"a surround of {np.shape(self.surround)} needs a window of the same"
                f" shape; found {np.shape(self.window)}"
            )

    @classmethod
    def of_rms(
        cls, grey: float, rms: float, low: float, high: float, window: np.ndarray
    ) -> "ContrastConstraint":
        """Return the constraint of an RMS contrast within a window.

        Args:
            grey: Float, pixel value of no contrast.
            rms: Float, root mean square of the pattern over the window's pixels, in
                pixel units.
            low: Float, smallest pixel value.
            high: Float, largest pixel value.
            window: `(height, width)` bool; `np.ones(image_size, bool)` for the whole
                image.

        Example:

        >>> ContrastConstraint.of_rms(100, 10, 0, 255, np.ones((5, 5), bool)).norm
        50.0
        """
        return cls(grey, float(rms * np.sqrt(np.sum(window))), low, high, window)

    def with_norm(self, norm: float) -> "ContrastConstraint":
        """Return the constraint with another norm."""
        return dataclasses.replace(self, norm=norm)

    def check(self, image_size: tuple[int, ...]) -> None:
        """Raise an error if no image can meet the constraint.

        Args:
            image_size: Tuple (height, width).

        Raises:
            ValueError: The norm is too large for the pixel range, or the window has
                another size; the message names the largest norm.
        """
        if self.window is not None and np.shape(self.window) != tuple(image_size):
            raise ValueError(
                f"a window of {np.shape(self.window)} pixels; images have"
                f" {tuple(image_size)}"
            )
        allowed = np.ones(image_size) if self.window is None else self.window
        pixels = int(np.sum(allowed))
        largest = max(self.grey - self.low, self.high - self.grey) * pixels**0.5
        if self.norm > largest:
            raise ValueError(
                f"contrast norm {self.norm:g} does not fit {pixels} pixels from"
                f" {self.low:g} to {self.high:g}: at most {largest:g}"
            )

    def tensors(self, image_size: tuple[int, ...]) -> "ContrastTensors":
        """Return the constraint as tensors.

        Args:
            image_size: Tuple (height, width).
        """
        window = np.ones(image_size) if self.window is None else self.window
        surround = np.zeros(image_size)
        if self.surround is not None:
            surround = np.where(window, 0, self.surround - self.grey)
        numbers = (self.norm, self.grey, self.low - self.grey, self.high - self.grey)
        maps = (np.asarray(window)[..., None], surround[..., None])
        return ContrastTensors(
            *(tf.constant(number, tf.float32) for number in numbers),
            *(tf.constant(values.astype("float32")) for values in maps),
        )

    def images(self, pattern: tf.Tensor) -> tf.Tensor:
        """Return the images of patterns `(batch, height, width, 1)`, in pixel units."""
        return self.tensors(pattern.shape[1:3]).images(pattern)

    def project(self, pattern: tf.Tensor | np.ndarray) -> tf.Tensor:
        """Scale and clip patterns until their norm is `norm`.

        Args:
            pattern: `(batch, height, width, 1)`, zero where there is no contrast.

        Returns:
            `(batch, height, width, 1)`. A pattern with too few nonzero pixels to reach
            the norm gets the largest norm that fits.
        """
        pattern = tf.convert_to_tensor(pattern, tf.float32)
        return self.tensors(pattern.shape[1:3]).project(pattern)

    def images_at_norm(self, images: np.ndarray) -> np.ndarray:
        """Return images `(n, height, width)` at the contrast of the stimuli."""
        patterns = images[..., None].astype("float32") - self.grey
        return self.images(self.project(patterns)).numpy()[..., 0]


class ContrastTensors(NamedTuple):
    """A `ContrastConstraint` as tensors, which one compiled function takes as values.

    Attributes:
        norm: Scalar, norm of a pattern.
        grey: Scalar, pixel value of no contrast.
        darkest: Scalar, lowest value of a pattern.
        brightest: Scalar, highest value of a pattern.
        window: `(height, width, 1)`, 1 for pixels that the pattern may fill, else 0.
        surround: `(height, width, 1)`, pattern that is shown outside the window.
    """

    norm: Any
    grey: Any
    darkest: Any
    brightest: Any
    window: Any
    surround: Any

    @classmethod
    def specs(cls, image_size: tuple[int, ...]) -> "ContrastTensors":
        """Return the specifications of the tensors for images of a size."""
        number = tf.TensorSpec((), tf.float32)
        pixels = tf.TensorSpec((*image_size, 1), tf.float32)
        return cls(number, number, number, number, pixels, pixels)

    def images(self, pattern: tf.Tensor) -> tf.Tensor:
        """Return the images of patterns, as `ContrastConstraint.images` does."""
        return self.grey + pattern + self.surround

    def project(self, pattern: tf.Tensor) -> tf.Tensor:
        """Scale and clip patterns, as `ContrastConstraint.project` does."""
        pattern *= self.window
        # After this a scale of 1 fits unless pixels are clipped.
        pattern *= self.norm / (_norm(pattern) + 1e-30)

        def scaled(scale):
            return tf.clip_by_value(scale * pattern, self.darkest, self.brightest)

        # Clipping only lowers the norm, so the scale is above 1. Bisection finds its
        # logarithm for every image.
        none = tf.zeros_like(pattern[:, :1, :1])

        def bisect():
            lower, upper = none, tf.fill(tf.shape(none), 10.0)
            for _ in range(_BISECTIONS):
                middle = (lower + upper) / 2
                short = _norm(scaled(tf.exp(middle))) < self.norm
                lower = tf.where(short, middle, lower)
                upper = tf.where(short, upper, middle)
            return lower

        clipped = tf.reduce_any((pattern < self.darkest) | (pattern > self.brightest))
        return scaled(tf.exp(tf.cond(clipped, bisect, lambda: none)))

    def free(self, pattern: tf.Tensor) -> tf.Tensor:
        """Return which pixels are not at the edge of the range, as `pattern` shaped."""
        return (pattern > self.darkest) & (pattern < self.brightest)

    def within(self, gradient: tf.Tensor) -> tf.Tensor:
        """Return the part of a gradient that lies within the window."""
        return gradient * self.window


def disk(
    image_size: tuple[int, ...],
    radius: float,
    center: tuple[float, float] | None = None,
) -> np.ndarray:
    """Return `(height, width)` bool, the pixels within a circle.

    Args:
        image_size: Tuple (height, width) in pixels.
        radius: Float, radius in pixels.
        center: Tuple (row, column); None for the middle of the image.

    Example:

    >>> disk((3, 3), 1).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    row, column = center or [(side - 1) / 2 for side in image_size]
    rows, columns = np.mgrid[: image_size[0], : image_size[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def _norm(pattern):
    return tf.sqrt(tf.reduce_sum(tf.square(pattern), axis=(1, 2, 3), keepdims=True))
