"""Which stimuli are allowed."""

import dataclasses

import numpy as np
import tensorflow as tf

_BISECTIONS = 30


@dataclasses.dataclass(frozen=True, eq=False)
class ContrastConstraint:
    """Stimuli of one contrast within the pixel range.

    A stimulus is `grey` plus a pattern; the pattern's Euclidean norm over pixels is
    `norm`, and no pixel leaves [`low`, `high`].

    Args:
        grey: the pixel value of no contrast.
        norm: of the pattern, in pixel units: RMS contrast times the square root of the
            number of pixels.
        low: smallest pixel value, below `grey`.
        high: largest pixel value, above `grey`.
        window: `(height, width)` bool, where the pattern may be (see `disk`); None for
            everywhere.
        surround: `(height, width)` in pixel units, shown outside the window; None for
            grey.

    Raises:
        ValueError: `norm` is not positive, `grey` is not between `low` and `high`, or a
            surround without a window or of another shape.

    Example:

    >>> import numpy as np
    >>> pattern = ContrastConstraint(grey=100, norm=40, low=0, high=255).project(
    ...     np.array([[[[3.0], [4.0]]]], "float32")
    ... )
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
        """The same, from the RMS contrast within a window.

        Args:
            rms: root mean square of the pattern over the window's pixels, pixel units.
            window: `(height, width)` bool; `np.ones(image_size, bool)` for the whole
                image.

        Example:

        >>> ContrastConstraint.of_rms(100, 10, 0, 255, np.ones((5, 5), bool)).norm
        50.0
        """
        return cls(grey, float(rms * np.sqrt(np.sum(window))), low, high, window)

    def check(self, image_size: tuple[int, ...]) -> None:
        """Refuses a norm that no image within the range can have, and a window of
        another size.

        Args:
            image_size: (height, width).

        Raises:
            ValueError: names the largest norm that fits.
        """
        if self.window is not None and np.shape(self.window) != tuple(image_size):
            raise ValueError(
                f"a window of {np.shape(self.window)} pixels; images have"
                f" {tuple(image_size)}"
            )
        pixels = int(
            np.prod(image_size) if self.window is None else np.sum(self.window)
        )
        largest = max(self.grey - self.low, self.high - self.grey) * pixels**0.5
        if self.norm > largest:
            raise ValueError(
                f"contrast norm {self.norm:g} does not fit {pixels} pixels from"
                f" {self.low:g} to {self.high:g}: at most {largest:g}"
            )

    def images(self, pattern: tf.Tensor) -> tf.Tensor:
        """The images in pixel units `(batch, height, width, 1)` that patterns make."""
        if self.surround is None or self.window is None:
            return self.grey + pattern
        return (
            self.grey
            + pattern
            + np.where(self.window, 0, self.surround - self.grey).astype("float32")[
                ..., None
            ]
        )

    def project(self, pattern: tf.Tensor | np.ndarray) -> tf.Tensor:
        """The allowed pattern in the direction of `pattern`: scaled and clipped until
        its norm is `norm`.

        Args:
            pattern: `(batch, height, width, 1)`, zero where there is no contrast.

        Returns:
            The same shape. A pattern with too few pixels that differ from zero to reach
            the norm comes out with as much as fits.
        """
        pattern = tf.convert_to_tensor(pattern, tf.float32)
        if self.window is not None:
            pattern *= self._within()
        low, high = self.low - self.grey, self.high - self.grey
        pattern *= self.norm / (
            _norm(pattern) + 1e-30
        )  # now a scale of 1 fits unless pixels are clipped

        def scaled(scale):
            return tf.clip_by_value(scale * pattern, low, high)

        # Clipping only takes away, so the scale lies above 1; its logarithm is found by
        # bisection, each image's own.
        lower, upper = (
            tf.zeros_like(pattern[:, :1, :1]),
            tf.fill(tf.shape(pattern[:, :1, :1]), 10.0),
        )
        clipped = tf.reduce_any((pattern < low) | (pattern > high))
        if clipped:
            for _ in range(_BISECTIONS):
                middle = (lower + upper) / 2
                short = _norm(scaled(tf.exp(middle))) < self.norm
                lower, upper = (
                    tf.where(short, middle, lower),
                    tf.where(short, upper, middle),
                )
        return scaled(tf.exp(lower))

    def free(self, pattern: tf.Tensor) -> tf.Tensor:
        """`(batch, height, width, 1)` bool: pixels that are not at the edge of the
        range.
        """
        return (pattern > self.low - self.grey) & (pattern < self.high - self.grey)

    def within(self, gradient: tf.Tensor) -> tf.Tensor:
        """The part of a gradient by the pattern that can move it: that within the
        window.
        """
        return gradient if self.window is None else gradient * self._within()

    def _within(self):
        return np.asarray(self.window, "float32")[..., None]


def disk(
    image_size: tuple[int, ...],
    radius: float,
    center: tuple[float, float] | None = None,
) -> np.ndarray:
    """`(height, width)` bool: the pixels within a circle.

    Args:
        image_size: (height, width).
        radius: pixels.
        center: (row, column); None for the middle of the image.

    Example:

    >>> disk((3, 3), 1).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    row, column = center or [(side - 1) / 2 for side in image_size]
    rows, columns = np.mgrid[: image_size[0], : image_size[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def _norm(pattern):
    return tf.sqrt(tf.reduce_sum(tf.square(pattern), axis=(1, 2, 3), keepdims=True))
