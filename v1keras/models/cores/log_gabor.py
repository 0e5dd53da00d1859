"""A fixed front end of Gabor filters."""

from typing import Any

import keras
import numpy as np
from keras import ops

ORIENTATIONS = 8
# Side, wavelength, standard deviation and stride of each scale, pixels: an octave or
# less apart, up to the whole of a 33-pixel image.
SCALES = (
    (7, 3.5, 1.5, 2),
    (9, 5.0, 2.2, 2),
    (13, 8.0, 3.4, 3),
    (19, 12.0, 5.0, 4),
    (25, 18.0, 7.5, 4),
    (31, 26.0, 11.0, 2),
)

# What each kind of feature counts in the kernel; chosen on validation images of
# kindel2019.
ENERGY, PHASES, PIXELS = 1.5, 1.0, 1.5
BLUR, BLUR_STRIDE = 3.0, 3  # of the blurred pixels


def gabor_bank(side, wavelength, width, orientations=ORIENTATIONS):
    """Quadrature pairs of Gabor filters, blind to mean luminance, of unit norm.

    Args:
        side: pixels a side.
        wavelength: of the carrier, pixels.
        width: standard deviation of the envelope, pixels.
        orientations: evenly spaced over 180 degrees.

    Returns:
        `(side, side, 1, 2 * orientations)` float32; even and odd phase of each
        orientation in turn.

    Example:

    >>> bank = gabor_bank(9, 5.0, 2.2)
    >>> bank.shape, bool(abs(bank.sum(axis=(0, 1))).max() < 1e-5)
    ((9, 9, 1, 16), True)
    """
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    envelope = np.exp(-(rows**2 + columns**2) / (2 * width**2))
    kernels = []
    for angle in np.pi * np.arange(orientations) / orientations:
        along = columns * np.cos(angle) + rows * np.sin(angle)
        for phase in (0, np.pi / 2):
            kernel = envelope * np.cos(2 * np.pi * along / wavelength + phase)
            kernel -= envelope * kernel.sum() / envelope.sum()
            kernels.append(kernel / np.linalg.norm(kernel))
    return np.stack(kernels, axis=-1)[:, :, None].astype("float32")


@keras.saving.register_keras_serializable(package="v1keras")
class LogGaborCore(keras.layers.Layer):
    """Logarithms of Gabor energies and of half-squared Gabor responses at several
    scales, and blurred pixels; nothing is learned.

    For each place, scale and orientation: log(energy + floor), and log(max(+-response,
    0)^2 + floor) for both phases: complex and simple cells with compressed contrast.

    Args:
        floor: what is added before the logarithm, as a share of a scale's mean energy,
            which `adapt` measures.

    Call arguments:
        images: `(batch, height, width, 1)`.

    Returns:
        Features `(batch, n)`.

    Raises:
        ValueError: the image is smaller than the smallest filter.

    Example:

    >>> import numpy as np
    >>> images = np.random.default_rng(0).normal(size=(5, 16, 16, 1)).astype("float32")
    >>> core = LogGaborCore()
    ... core.build((None, 16, 16, 1))
    ... core.adapt(images)
    >>> tuple(core(images).shape) == (5, len(core.groups))
    True
    """

    def __init__(self, floor: float = 0.1, name: str = "core", **kwargs: Any) -> None:
        super().__init__(name=name, **{"trainable": False} | kwargs)
        self.floor = floor

    def build(self, input_shape):
        _, height, width, _ = input_shape
        self.scales = [scale for scale in SCALES if scale[0] <= min(height, width)]
        if not self.scales:
            raise ValueError(
                f"images of {height} x {width} pixels; the smallest Gabor filter needs"
                f" {SCALES[0][0]}"
            )
        self.banks = [gabor_bank(*scale[:3]) for scale in self.scales]
        self.blur = [_blur(size) for size in (height, width)]
        self._lay_out(height, width)
        self.floors = self.add_weight(
            shape=(len(self.scales),), initializer="ones", name="floors"
        )

    def _lay_out(self, height, width):
        """Sets `groups` and `places` `(n,)` and `(n, 2)`: each feature's kind, and
        where it is, from -0.5 to 0.5 across the image.
        """
        groups, places = [], []
        for side, _, _, stride in self.scales:
            at = [
                ((side - 1) / 2 + np.arange(0, size - side + 1, stride) + 0.5) / size
                - 0.5
                for size in (height, width)
            ]
            for channels in (ORIENTATIONS, 4 * ORIENTATIONS):
                groups.append((at, channels))
        groups.append(
            ([(_places(size) + 0.5) / size - 0.5 for size in (height, width)], 1)
        )
        for at, channels in groups:
            grid = np.stack(np.meshgrid(*at, indexing="ij"), axis=-1).reshape(-1, 2)
            places.append(np.repeat(grid, channels, axis=0))
        self.groups = np.repeat(np.arange(len(places)), [len(p) for p in places])
        self.places = np.concatenate(places)
        self.shares = np.array([ENERGY, PHASES] * len(self.scales) + [PIXELS])

    def _responses(self, images):
        for bank, (*_, stride) in zip(self.banks, self.scales, strict=True):
            found = ops.conv(images, bank, strides=stride, padding="valid")
            even, odd = found[..., ::2], found[..., 1::2]
            yield (
                ops.square(even) + ops.square(odd),
                ops.concatenate([even, odd, -even, -odd], axis=-1),
            )

    def adapt(self, images: np.ndarray) -> None:
        """Measures the scales' mean energies on `images` `(n, height, width, 1)`, as
        `call` is given them.
        """
        self.floors.assign(
            [
                self.floor * float(ops.mean(energy))
                for energy, _ in self._responses(ops.cast(images, "float32"))
            ]
        )

    def call(self, images):
        parts = []
        for i, (energy, phases) in enumerate(self._responses(images)):
            for values in (energy, ops.square(ops.relu(phases))):
                parts.append(
                    ops.log(values + self.floors[i])
                )  # (batch, h, w, channels)
        parts.append(
            ops.einsum("ah,bhw,cw->bac", self.blur[0], images[..., 0], self.blur[1])
        )
        return ops.concatenate(
            [ops.reshape(part, (-1, int(np.prod(part.shape[1:])))) for part in parts],
            axis=-1,
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], len(self.groups))

    def get_config(self):
        return super().get_config() | {"floor": self.floor}


def _places(size):
    """Pixels along one side that blurred pixels are centred at."""
    return np.arange(BLUR_STRIDE / 2, size, BLUR_STRIDE) - 0.5


def _blur(size):
    """`(places, size)` Gaussian averages along one side."""
    weights = np.exp(
        -((np.arange(size)[None] - _places(size)[:, None]) ** 2) / (2 * BLUR**2)
    )
    return (weights / weights.sum(axis=1, keepdims=True)).astype("float32")
