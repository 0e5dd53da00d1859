"""`LogGaborCore`: a fixed front end of Gabor filters."""

from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.argument_checks import check_number

ORIENTATIONS = 8
# Side, wavelength, standard deviation and stride of each scale in pixels: an octave or
# less apart, up to the whole of a 33-pixel image.
SCALES = (
    (7, 3.5, 1.5, 2),
    (9, 5.0, 2.2, 2),
    (13, 8.0, 3.4, 3),
    (19, 12.0, 5.0, 4),
    (25, 18.0, 7.5, 4),
    (31, 26.0, 11.0, 2),
)

# The weight of each kind of feature in the ridge's prior variance, per scale; chosen on
# validation images of kindel2019.
ENERGY, PHASES, CENTER_SURROUND, PIXELS = 1.5, 1.0, 0.5, 1.5
# Standard deviations of the centers in pixels, ratio of surround to center, and stride.
CENTERS, SURROUND, CENTER_STRIDE = (1.0, 1.6, 2.5, 4.0), 1.6, 2
# Standard deviation and stride of the blurred pixels, in pixels.
BLUR, BLUR_STRIDE = 3.0, 3


def gabor_bank(side, wavelength, width, orientations=ORIENTATIONS):
    """Make quadrature pairs of Gabor filters, blind to mean luminance, of unit norm.

    Args:
        side: Integer, side of the filters in pixels.
        wavelength: Float, wavelength of the carrier in pixels.
        width: Float, standard deviation of the envelope in pixels.
        orientations: Integer, number of orientations, evenly spaced over 180 degrees.

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
    """Compute log Gabor energies and responses at several scales, and blurred pixels.

    Nothing is learned. The features are, for each place, scale and orientation:
    log(energy + floor), and log(max(+-response, 0)^2 + floor) for both phases: complex
    and simple cells with compressed contrast. Differences of Gaussians, if they are
    there, are half-squared and compressed as the phases are.

    Args:
        floor: Float, what is added before the logarithm, as a fraction of a scale's
            mean energy, which `adapt` measures.
        center_surround: Boolean, whether differences of Gaussians at several scales are
            among the features.

    Attributes:
        groups: `(n,)` integers, index of the kind and scale of each feature.
        places: `(n, 2)` row and column of each feature, from -0.5 to 0.5 across the
            image.
        coefficients: `(groups,)` weight of each group in the prior of `RidgeReadout`.

    Call arguments:
        images: `(batch, height, width, 1)`.

    Returns:
        Features `(batch, n)`.

    Raises:
        ValueError: `floor` is not positive, or the image is smaller than the smallest
            filter.

    Example:

    >>> import numpy as np
    >>> images = np.random.default_rng(0).normal(size=(5, 16, 16, 1)).astype("float32")
    >>> core = LogGaborCore()
    >>> core.build((None, 16, 16, 1))
    >>> core.adapt(images)
    >>> tuple(core(images).shape) == (5, len(core.groups))
    True
    """

    def __init__(
        self,
        floor: float = 0.1,
        center_surround: bool = False,
        name: str = "core",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **{"trainable": False, "dtype": "float32"} | kwargs)
        check_number("floor", floor, positive=True)
        self.floor = floor
        self.center_surround = center_surround
        self.input_spec = keras.layers.InputSpec(ndim=4, name="images")

    def build(self, input_shape):
        sizes = (None, *input_shape[1:])
        self.input_spec = keras.layers.InputSpec(shape=sizes, name="images")
        _, height, width, _ = input_shape
        self.scales = [scale for scale in SCALES if scale[0] <= min(height, width)]
        if not self.scales:
            raise ValueError(
                f"images of {height} x {width} pixels; the smallest Gabor filter needs"
                f" {SCALES[0][0]}"
            )
        self.banks = [gabor_bank(*scale[:3]) for scale in self.scales]
        self.blur = _blurs(height, width, BLUR, BLUR_STRIDE)
        self.centers = []
        if self.center_surround:
            for deviation in CENTERS:
                pair = [
                    _blurs(height, width, sigma, CENTER_STRIDE)
                    for sigma in (deviation, SURROUND * deviation)
                ]
                self.centers.append(pair)
        self._lay_out(height, width)
        self.floors = self.add_weight(
            shape=(len(self.scales) + len(self.centers),),
            initializer="ones",
            name="floors",
        )

    def _lay_out(self, height, width):
        """Set `groups`, `places` and `coefficients`."""
        kinds, coefficients = [], []
        for side, _, _, stride in self.scales:
            axes = [_centers(size, side, stride) for size in (height, width)]
            kinds += [(axes, ORIENTATIONS), (axes, 4 * ORIENTATIONS)]
            coefficients += [ENERGY, PHASES]
        axes = [_fractions(size, CENTER_STRIDE) for size in (height, width)]
        for _ in self.centers:
            kinds.append((axes, 2))
            coefficients.append(CENTER_SURROUND)
        kinds.append(([_fractions(size, BLUR_STRIDE) for size in (height, width)], 1))
        coefficients.append(PIXELS)
        places = []
        for axes, channels in kinds:
            grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
            places.append(np.repeat(grid, channels, axis=0))
        counts = [len(group) for group in places]
        self.groups = np.repeat(np.arange(len(places)), counts)
        self.places = np.concatenate(places)
        self.coefficients = np.array(coefficients)

    def _responses(self, images):
        """Yield the energies and the responses of all four phases at each scale."""
        for bank, (*_, stride) in zip(self.banks, self.scales, strict=True):
            pairs = ops.conv(
                images,
                bank,
                strides=stride,
                padding="valid",
                data_format="channels_last",
            )
            even, odd = pairs[..., ::2], pairs[..., 1::2]
            energy = ops.square(even) + ops.square(odd)
            yield energy, ops.concatenate([even, odd, -even, -odd], axis=-1)

    def _contrasts(self, images):
        """Yield the differences of Gaussians of each width, in both signs."""
        for center, surround in self.centers:
            difference = _blurred(images, center) - _blurred(images, surround)
            yield ops.stack([difference, -difference], axis=-1)

    def adapt(self, images: np.ndarray) -> None:
        """Measure the mean energies of all scales.

        Args:
            images: `(n, height, width, 1)`, normalized as for `call`.
        """
        images = ops.cast(images, "float32")
        energies = [ops.mean(energy) for energy, _ in self._responses(images)]
        for contrasts in self._contrasts(images):
            energies.append(ops.mean(ops.square(contrasts)))
        self.floors.assign([self.floor * float(energy) for energy in energies])

    def call(self, images):
        features = []
        for i, (energy, phases) in enumerate(self._responses(images)):
            features.append(ops.log(energy + self.floors[i]))
            features.append(ops.log(ops.square(ops.relu(phases)) + self.floors[i]))
        for i, contrasts in enumerate(self._contrasts(images), len(self.scales)):
            features.append(ops.log(ops.square(ops.relu(contrasts)) + self.floors[i]))
        features.append(_blurred(images, self.blur))
        flat = [ops.reshape(part, (-1, _size(part))) for part in features]
        return ops.concatenate(flat, axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], len(self.groups))

    def get_config(self):
        return super().get_config() | {
            "floor": self.floor,
            "center_surround": self.center_surround,
        }


def _size(features):
    return int(np.prod(features.shape[1:]))


def _centers(size, side, stride):
    """Return the centers of filters along one side, from -0.5 to 0.5."""
    return ((side - 1) / 2 + np.arange(0, size - side + 1, stride) + 0.5) / size - 0.5


def blur_places(size: int, stride: int) -> np.ndarray:
    """Return the centers of Gaussian averages along one side, in pixels.

    Example:

    >>> blur_places(6, 2).tolist()
    [0.5, 2.5, 4.5]
    """
    return np.arange(stride / 2, size, stride) - 0.5


def _fractions(size, stride):
    """Return the centers of Gaussian averages along one side, from -0.5 to 0.5."""
    return (blur_places(size, stride) + 0.5) / size - 0.5


def _blur(size, deviation, stride):
    """Return the weights `(places, size)` of Gaussian averages along one side."""
    distances = np.arange(size)[None] - blur_places(size, stride)[:, None]
    weights = np.exp(-(distances**2) / (2 * deviation**2))
    return (weights / weights.sum(axis=1, keepdims=True)).astype("float32")


def _blurs(height, width, deviation, stride):
    """Return the weights of Gaussian averages along columns and along rows."""
    return [_blur(size, deviation, stride) for size in (height, width)]


def _blurred(images, weights):
    """Return Gaussian averages `(batch, rows, columns)` of images."""
    rows, columns = weights
    return ops.einsum("ah,bhw,cw->bac", rows, images[..., 0], columns)
