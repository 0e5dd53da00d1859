"""A fixed front end of Gabor filters, and a readout that is solved rather than trained."""

import keras
import numpy as np
from keras import ops

ORIENTATIONS = 8
# Side, wavelength, standard deviation and stride of each scale, pixels: an octave or less apart, up to the whole of a 33-pixel image.
SCALES = ((7, 3.5, 1.5, 2), (9, 5.0, 2.2, 2), (13, 8.0, 3.4, 3), (19, 12.0, 5.0, 4), (25, 18.0, 7.5, 4), (31, 26.0, 11.0, 2))

# What each kind of feature counts; chosen on validation images of kindel2019.
ENERGY, PHASES, PIXELS = 2.0, 1.0, 3.0
BLUR, BLUR_STRIDE = 3.0, 3  # of the blurred pixels
OFFSET = 0.05  # added to a response before its square root is taken, spikes


def gabor_bank(side, wavelength, width, orientations=ORIENTATIONS):
    """Quadrature pairs of Gabor filters, blind to mean luminance, of unit norm.

    Args:
        side: pixels a side.
        wavelength: of the carrier, pixels.
        width: standard deviation of the envelope, pixels.
        orientations: evenly spaced over 180 degrees.

    Returns:
        `(side, side, 1, 2 * orientations)` float32; even and odd phase of each orientation in turn.

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
    """Logarithms of Gabor energies and of half-squared Gabor responses at several scales, and blurred pixels; nothing is learned.

    For each place, scale and orientation: log(energy + floor), and log(max(+-response, 0)^2 + floor) for both phases: complex and simple
    cells with compressed contrast. Features are weighted by a Gaussian around the image's centre, where receptive fields are looked
    for, then centred and scaled so that each scale counts alike and each kind as much as stated above; `adapt` measures for that.

    Args:
        window: standard deviation of the weight around the centre, pixels.
        floor: what is added before the logarithm, as a share of a scale's mean energy.

    Call arguments:
        images: `(batch, height, width, 1)`.

    Returns:
        Features `(batch, n)`.

    Raises:
        ValueError: the image is smaller than the smallest filter.

    Example:

    >>> import numpy as np
    >>> images = np.random.default_rng(0).normal(size=(5, 16, 16, 1)).astype("float32")
    >>> core = LogGaborCore(); core.build((None, 16, 16, 1)); core.adapt(images)
    >>> bool(abs(np.asarray(core(images)).mean(axis=0)).max() < 1e-4)
    True
    """

    def __init__(self, window=12.0, floor=0.1, name="core", **kwargs):
        super().__init__(name=name, **{"trainable": False} | kwargs)
        self.window, self.floor = window, floor

    def build(self, input_shape):
        _, height, width, _ = input_shape
        self.scales = [scale for scale in SCALES if scale[0] <= min(height, width)]
        if not self.scales:
            raise ValueError(f"images of {height} x {width} pixels; the smallest Gabor filter needs {SCALES[0][0]}")
        self.banks = [gabor_bank(*scale[:3]) for scale in self.scales]
        self.weights_of_places = [self._places(side, stride, height, width) for side, _, _, stride in self.scales]
        counts = [places.size * ORIENTATIONS * kinds for places in self.weights_of_places for kinds in (1, 4)]
        self.blur = [_blur(size) for size in (height, width)]
        counts.append(len(self.blur[0]) * len(self.blur[1]))
        self.shares = np.array([ENERGY, PHASES] * len(self.scales) + [PIXELS])
        self.blocks = np.repeat(np.arange(len(counts)), counts)
        self.floors = self.add_weight(shape=(len(self.scales),), initializer="ones", name="floors")
        self.center = self.add_weight(shape=(len(self.blocks),), initializer="zeros", name="center")
        self.gain = self.add_weight(shape=(len(counts),), initializer="ones", name="gain")

    def _places(self, side, stride, height, width):
        """`(1, h, w, 1)` square root of the Gaussian weight of each place that a filter is applied at."""
        rows, columns = ((side - 1) / 2 + np.arange(0, size - side + 1, stride) - (size - 1) / 2 for size in (height, width))
        squared = rows[:, None] ** 2 + columns[None] ** 2
        return np.exp(-squared / (4 * self.window**2)).astype("float32")[None, :, :, None]

    def _responses(self, images):
        for bank, (*_, stride) in zip(self.banks, self.scales, strict=True):
            found = ops.conv(images, bank, strides=stride, padding="valid")
            even, odd = found[..., ::2], found[..., 1::2]
            yield ops.square(even) + ops.square(odd), ops.concatenate([even, odd, -even, -odd], axis=-1)

    def _uncentred(self, images):
        parts = []
        for i, (energy, phases) in enumerate(self._responses(images)):
            for values in (energy, ops.square(ops.relu(phases))):
                values = ops.log(values + self.floors[i]) * self.weights_of_places[i]
                parts.append(ops.reshape(values, (-1, int(np.prod(values.shape[1:])))))
        blurred = ops.einsum("ah,bhw,cw->bac", self.blur[0], images[..., 0], self.blur[1])
        parts.append(ops.reshape(blurred, (-1, int(np.prod(blurred.shape[1:])))))
        return ops.concatenate(parts, axis=-1)

    def adapt(self, images):
        """Measures floors, means and scales on `images` `(n, height, width, 1)`, as `call` is given them."""
        images = ops.cast(images, "float32")
        self.floors.assign([self.floor * float(ops.mean(energy)) for energy, _ in self._responses(images)])
        features = ops.convert_to_numpy(self._uncentred(images))
        self.center.assign(features.mean(axis=0))
        squared = np.square(features - features.mean(axis=0)).mean(axis=0)
        power = np.bincount(self.blocks, weights=squared)
        self.gain.assign(np.sqrt(self.shares / self.shares.sum() / np.maximum(power, 1e-12)))

    def call(self, images):
        return (self._uncentred(images) - self.center) * ops.take(self.gain, self.blocks)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], len(self.blocks))

    def get_config(self):
        return super().get_config() | {"window": self.window, "floor": self.floor}


def _blur(size):
    """`(places, size)` Gaussian averages along one side, every few pixels."""
    at = np.arange(BLUR_STRIDE / 2, size, BLUR_STRIDE) - 0.5
    weights = np.exp(-((np.arange(size)[None] - at[:, None]) ** 2) / (2 * BLUR**2))
    return (weights / weights.sum(axis=1, keepdims=True)).astype("float32")


@keras.saving.register_keras_serializable(package="v1keras")
class RidgeReadout(keras.layers.Layer):
    """Ridge regression of the square root of the response, which makes Poisson noise even: rate = (weights features + bias)^2, above 0.

    What is regressed is sqrt(response + 0.05), so that silence is no outlier; the rate is without the 0.05.

    The weights are kept as a product of two matrices, since they have no more dimensions than there were training images.

    Args:
        neurons: how many.
        rank: of the weights; the number of training images.

    Call arguments:
        features: `(batch, n)`.

    Returns:
        Rates `(batch, neurons)`.

    Reference: MacKay 1992 (Neural Computation 4:415) for the evidence that sets each neuron's shrinkage.

    Example:

    >>> import numpy as np
    >>> features = np.random.default_rng(0).normal(size=(9, 20)).astype("float32")
    >>> readout = RidgeReadout(2, rank=9); readout.build((None, 20))
    >>> readout.fit(features, np.ones((9, 2)))
    >>> np.asarray(readout(features)).round(3)[0].tolist()
    [1.0, 1.0]
    """

    # Variance of the noise over that of the prior's prediction; each neuron takes what its training images make most likely.
    SHRINKAGES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)

    def __init__(self, neurons, rank, name="readout", **kwargs):
        super().__init__(name=name, **{"trainable": False} | kwargs)
        self.neurons, self.rank = neurons, rank

    def build(self, input_shape):
        self.components = self.add_weight(shape=(input_shape[-1], self.rank), initializer="zeros", name="components")
        self.coefficients = self.add_weight(shape=(self.rank, self.neurons), initializer="zeros", name="coefficients")
        self.bias = self.add_weight(shape=(self.neurons,), initializer="zeros", name="bias")

    def fit(self, features, responses, subsets=None):
        """Solves for the weights.

        Args:
            features: `(images, n)`; as many images as `rank`.
            responses: `(images, neurons)` mean responses >= 0; a missing one (NaN) is taken for the neuron's mean.
            subsets: list of indices; the weights are the mean of those solved on each of them. None for all at once.
        """
        features = np.asarray(features, "float64")
        target = np.sqrt(np.maximum(responses, 0.0) + OFFSET)
        with np.errstate(invalid="ignore"):
            mean = np.nansum(target, axis=0) / np.maximum(np.isfinite(target).sum(axis=0), 1)
        target = np.where(np.isfinite(target), target, mean)
        kernel = features @ features.T
        dual, bias = np.zeros(target.shape), np.zeros(target.shape[1])
        subsets = [np.arange(len(features))] if subsets is None else subsets
        for subset in subsets:
            offset = target[subset].mean(axis=0)
            dual[subset] += _solve(kernel[np.ix_(subset, subset)], target[subset] - offset, self.SHRINKAGES) / len(subsets)
            bias += offset / len(subsets)
        values, vectors = np.linalg.eigh(kernel)
        self.components.assign(features.T @ vectors)
        self.coefficients.assign(vectors.T @ dual)
        self.bias.assign(bias)

    def call(self, features):
        drive = ops.matmul(ops.matmul(features, self.components), self.coefficients) + self.bias
        return ops.maximum(ops.square(ops.maximum(drive, 0.0)) - OFFSET, 1e-3)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {"neurons": self.neurons, "rank": self.rank}


def _solve(kernel, target, shrinkages):
    """`(images, neurons)` (kernel + shrinkage)^-1 target, the shrinkage of each neuron the one of highest evidence."""
    count = len(kernel)
    values, vectors = np.linalg.eigh(kernel)
    values, rotated = np.maximum(values, 0), vectors.T @ target
    spread = values[None] + np.array(shrinkages)[:, None]  # (shrinkages, images)
    # The scale of the prior is integrated out by its most likely value.
    misfit = np.einsum("in,si->sn", np.square(rotated), 1 / spread) / count
    evidence = -0.5 * count * np.log(np.maximum(misfit, 1e-12)) - 0.5 * np.log(spread).sum(axis=1)[:, None]
    chosen = spread[evidence.argmax(axis=0)].T  # (images, neurons)
    return vectors @ (rotated / chosen)
