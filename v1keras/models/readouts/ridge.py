"""`RidgeReadout`: a readout that is solved rather than trained."""

from typing import Any

import keras
import numpy as np
import scipy.linalg
from keras import ops

from v1keras.io.large_arrays import release_pages, zeros_or_memmap
from v1keras.models.layers.fast_path import tensorflow_cpu
from v1keras.models.readouts.readout import Readout

# Spikes, added to a response before its square root is taken.
OFFSET = 0.05
# Variance of the noise relative to that of the prior's prediction.
SHRINKAGES = (0.3, 0.6, 1.2, 2.4, 5.0)
# Neurons and features that are computed at once, so that memory suffices.
_NEURONS, _FEATURES = 256, 4096


def _grid(axis, width):
    return [(row, column, width) for row in axis for column in axis]


# Windows that a receptive field may have, as fractions of the image's side: (row,
# column, standard deviation), 0 in the middle.
WINDOWS = _grid((-0.18, -0.06, 0.06, 0.18), 0.15) + _grid(
    (-0.21, -0.105, 0, 0.105, 0.21), 0.1
)


@keras.saving.register_keras_serializable(package="v1keras")
class RidgeReadout(Readout):
    """Bayesian ridge regression of the square root of the response.

    The square root makes Poisson noise even: rate = (weights features + bias)^2. A
    neuron's receptive field and noise level are not known: each Gaussian window and
    each noise level is a prior of its own, and the weights are the mean of their
    posteriors, each weighted by its evidence for this neuron (Bayesian model
    averaging). The regression is on sqrt(response + 0.05), so that silence is not an
    outlier; the rate is without the 0.05.

    Args:
        neurons: Integer, number of neurons.

    Call arguments:
        features: `(batch, n)`.

    Returns:
        Rates `(batch, neurons)`.

    Raises:
        ValueError: `neurons` below 1.

    Reference: MacKay 1992 (Neural Computation 4:415) for the evidence; Park & Pillow
    2011 (PLoS Computational Biology 7:e1002219) for locality as a prior on receptive
    fields.

    Example:

    >>> import numpy as np
    >>> features = np.random.default_rng(0).normal(size=(9, 20)).astype("float32")
    >>> readout = RidgeReadout(2)
    >>> readout.build((None, 20))
    >>> groups, places = np.zeros(20, int), np.zeros((20, 2))
    >>> readout.fit(features, np.ones((9, 2)), groups, places, np.ones(1))
    >>> np.asarray(readout(features)).round(3)[0].tolist()
    [1.0, 1.0]
    """

    def __init__(self, neurons: int, name: str = "readout", **kwargs: Any) -> None:
        super().__init__(neurons, name=name, **{"trainable": False} | kwargs)

    def build(self, input_shape):
        sizes = (None, *input_shape[1:])
        self.input_spec = keras.layers.InputSpec(shape=sizes, name="features")
        self.weight = self.add_weight(
            shape=(input_shape[-1], self.neurons), initializer="zeros", name="weight"
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def fit(
        self,
        features: Any,
        responses: Any,
        groups: Any,
        places: Any,
        coefficients: Any,
        windows: Any = WINDOWS,
    ) -> None:
        """Solve for the weights.

        Args:
            features: `(images, n)`.
            responses: `(images, neurons)`, >= 0, or the readout has an `output_scale`;
                the neuron's mean stands in for a missing one (NaN).
            groups: `(n,)` integers, group of each feature.
            places: `(n, 2)` row and column of each feature, from -0.5 to 0.5 across the
                image.
            coefficients: `(groups,)` weight of each group in the prior's variance.
            windows: List of (row, column, standard deviation).

        Raises:
            ValueError: A negative response.
        """
        features = np.asarray(features, "float32")
        responses = self.in_spikes(responses)
        if self.output_scale is None and (responses < 0).any():
            raise ValueError(
                "negative responses; a ridge on square roots needs responses >= 0"
                " or an output_offset"
            )
        fast, shape = tensorflow_cpu(), tuple(self.weight.shape)
        weight = fast.aligned_array(shape) if fast else np.empty(shape, "float32")
        prior = groups, places, coefficients, windows
        bias = solve(features, responses, prior, weight)
        if fast:  # of a large population, a copy takes gigabytes
            fast.assign_without_copy(self.weight, weight)
        else:
            self.weight.assign(weight)
        self.bias.assign(bias)

    def call(self, features):
        rates = _rates(ops.matmul(features, self.weight) + self.bias)
        return self.in_unit(rates)

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Compute the rate of one neuron per row of the features.

        Args:
            features: `(batch, n)`.
            neurons: `(batch,)` integers, index of the neuron of each row.

        Returns:
            Rates `(batch,)`.
        """
        weights = ops.take(ops.transpose(self.weight), neurons, axis=0)
        drive = ops.sum(features * weights, axis=1)
        rates = _rates(drive + ops.take(self.bias, neurons))
        return self.in_unit(rates, neurons)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)


def _rates(drive):
    return ops.maximum(ops.square(ops.maximum(drive, 0.0)) - OFFSET, 1e-3)


def _root_responses(responses):
    """Return centered square roots of responses `(images, neurons)`, and their means.

    Where a response is missing, the root is 0.
    """
    target = np.empty(responses.shape, "float32")
    mean = np.empty(responses.shape[1])
    for block in _blocks(responses.shape[1], _NEURONS):
        roots = np.sqrt(np.maximum(responses[:, block], 0) + OFFSET)
        present = np.isfinite(roots)
        counts = np.maximum(present.sum(axis=0), 1)
        mean[block] = np.where(present, roots, 0).sum(axis=0) / counts
        target[:, block] = np.where(present, roots - mean[block], 0)
    return target, mean


def solve(features, responses, prior, weight):
    """Fill `weight` `(n, neurons)`, and return the biases `(neurons,)`.

    The others are the arguments of `RidgeReadout.fit`. Features are centered block by
    block: of a large population, they and the weights are gigabytes.
    """
    groups, places, coefficients, windows = prior
    target, mean = _root_responses(responses)
    center = features.mean(axis=0)
    images, neurons = target.shape
    power = np.empty(features.shape[1])
    for block in _blocks(features.shape[1], _FEATURES):
        centered = features[:, block] - center[block]
        power[block] = np.einsum("in,in->n", centered, centered) / images
    responsive = np.einsum("in,in->n", target, target) > 0

    scales, spectra, evidence = [], [], []
    # Each window's eigenvectors, which a second pass needs once the posterior is known.
    bases = zeros_or_memmap((len(windows), images, images), np.float32)
    for window, basis in zip(windows, bases, strict=True):
        scale = _prior_scale(power, groups, places, coefficients, window)
        values, vectors = _eigenvectors(_kernel(features, center, scale))
        scales.append(scale)
        spectra.append(values)
        evidence.append(_evidence(values, vectors, target))
        basis[:] = vectors
        del vectors
        release_pages(basis)
    posterior = _model_posterior(np.stack(evidence), responsive)

    bias = np.empty(neurons)
    for block in _blocks(neurons, _NEURONS):
        duals = []
        for i, basis in enumerate(bases):
            # (images, neurons): what the noise levels leave of each eigenvector.
            spread = spectra[i][:, None] + np.array(SHRINKAGES)
            left = (1 / spread) @ posterior[i][:, block]
            rotated = basis.T @ target[:, block]
            duals.append(basis @ (rotated * left.astype("float32")))
            release_pages(basis)
        response = 0.0
        for rows in _blocks(features.shape[1], _FEATURES):
            centered = features[:, rows] - center[rows]
            solution = 0.0
            for scale, dual in zip(scales, duals, strict=True):
                solution = solution + scale[rows, None] * (centered.T @ dual)
            weight[rows, block] = solution
            response = response + center[rows] @ solution
        bias[block] = mean[block] - response
    return bias


def _blocks(count, size):
    """Return the slices of `size` that make up `count`."""
    return [slice(first, first + size) for first in range(0, count, size)]


def _eigenvectors(kernel):
    """Return the eigenvalues, at least 0, and the eigenvectors in double precision."""
    values, vectors = scipy.linalg.eigh(
        kernel.astype("float64"), overwrite_a=True, check_finite=False, driver="evd"
    )
    return np.maximum(values, 0), vectors


def _kernel(features, center, scale):
    """Return the `(images, images)` products of features under a prior's variances."""
    kernel = np.zeros((len(features), len(features)), "float32")
    for block in _blocks(features.shape[1], _FEATURES):
        centered = features[:, block] - center[block]
        kernel += (centered * scale[block]) @ centered.T
    return kernel


def _prior_scale(power, groups, places, coefficients, window):
    """Return the prior variance of each weight, `(n,)`.

    It is a Gaussian window over places, scaled so that the variances of the groups have
    the ratios of their coefficients.
    """
    row, column, width = window
    squared = (places[:, 0] - row) ** 2 + (places[:, 1] - column) ** 2
    scale = np.exp(-squared / (2 * width**2))
    totals = np.bincount(groups, weights=scale * power, minlength=len(coefficients))
    factors = coefficients / coefficients.sum() / np.maximum(totals, 1e-12)
    return (scale * factors[groups]).astype("float32")


def _evidence(values, vectors, target):
    """Return the log evidence `(shrinkages, neurons)` of each noise level.

    Args:
        values: `(images,)` eigenvalues of the kernel.
        vectors: `(images, images)`, its eigenvectors.
        target: `(images, neurons)`.
    """
    count = len(values)
    spread = values[:, None] + np.array(SHRINKAGES)
    evidence = np.empty((len(SHRINKAGES), target.shape[1]))
    for block in _blocks(target.shape[1], _NEURONS):
        rotated = vectors.T @ target[:, block]
        # The scale of the prior is at its most likely value.
        misfit = np.maximum((1 / spread).T @ np.square(rotated) / count, 1e-12)
        evidence[:, block] = -0.5 * count * np.log(misfit)
    return evidence - 0.5 * np.log(spread).sum(axis=0)[:, None]


def _model_posterior(evidence, responsive):
    """Return the posterior of each window and noise level for each neuron.

    Windows that suit the responsive neurons are more likely a priori.
    """
    posterior = _softmax(evidence)
    for _ in range(3):
        common = np.zeros(len(posterior))  # (windows,)
        if responsive.any():
            common = posterior[..., responsive].sum(axis=1).mean(axis=1)
        prior = np.log(common + 0.1 / len(common))
        posterior = _softmax(evidence + prior[:, None, None])
    return posterior


def _softmax(logarithms):
    shifted = np.exp(logarithms - logarithms.max(axis=(0, 1)))
    return shifted / shifted.sum(axis=(0, 1))
