"""A readout that is solved rather than trained."""

from typing import Any

import keras
import numpy as np
from keras import ops

OFFSET = 0.05  # added to a response before its square root is taken, spikes
# Variance of the noise over that of the prior's prediction.
SHRINKAGES = (0.3, 0.6, 1.2, 2.4, 5.0)
# Where a neuron may look, as shares of the image's side: (row, column, standard
# deviation), 0 in the middle.
WINDOWS = [
    (row, column, 0.15)
    for row in (-0.18, -0.06, 0.06, 0.18)
    for column in (-0.18, -0.06, 0.06, 0.18)
] + [
    (row, column, 0.1)
    for row in (-0.21, -0.105, 0, 0.105, 0.21)
    for column in (-0.21, -0.105, 0, 0.105, 0.21)
]


@keras.saving.register_keras_serializable(package="v1keras")
class RidgeReadout(keras.layers.Layer):
    """Bayesian ridge regression of the square root of the response, which makes Poisson
    noise even: rate = (weights features + bias)^2.

    Where a neuron looks and how noisy it is, it is not known: each Gaussian window and
    each noise level is a prior of its own, and the weights are the mean of their
    posteriors, each counted by its evidence for this neuron (Bayesian model averaging).
    What is regressed is sqrt(response + 0.05), so that silence is no outlier; the rate
    is without the 0.05.

    Args:
        neurons: how many.

    Call arguments:
        features: `(batch, n)`.

    Returns:
        Rates `(batch, neurons)`.

    Reference: MacKay 1992 (Neural Computation 4:415) for the evidence; Park & Pillow
    2011 (PLoS Computational Biology 7:e1002219) for locality as a prior on receptive
    fields.

    Example:

    >>> import numpy as np
    >>> features = np.random.default_rng(0).normal(size=(9, 20)).astype("float32")
    >>> readout = RidgeReadout(2)
    ... readout.build((None, 20))
    >>> readout.fit(
    ...     [(features, np.ones((9, 2)))],
    ...     np.zeros(20, int),
    ...     np.zeros((20, 2)),
    ...     np.ones(1),
    ... )
    >>> np.asarray(readout(features)).round(3)[0].tolist()
    [1.0, 1.0]
    """

    def __init__(self, neurons: int, name: str = "readout", **kwargs: Any) -> None:
        super().__init__(name=name, **{"trainable": False} | kwargs)
        self.neurons = neurons

    def build(self, input_shape):
        self.weight = self.add_weight(
            shape=(input_shape[-1], self.neurons), initializer="zeros", name="weight"
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def fit(
        self, draws: Any, groups: Any, places: Any, shares: Any, windows: Any = WINDOWS
    ) -> None:
        """Solves for the weights: the mean of those solved on each draw of images.

        Args:
            draws: list of (features `(images, n)`, responses `(images, neurons)`);
                responses are >= 0, and a missing one (NaN) is taken for the neuron's
                mean.
            groups: `(n,)` which group each feature belongs to.
            places: `(n, 2)` where each feature is, from -0.5 to 0.5 across the image.
            shares: what each group counts in the prior's variance.
            windows: list of (row, column, standard deviation).

        Raises:
            ValueError: a response is negative.
        """
        if any((responses < 0).any() for _, responses in draws):
            raise ValueError(
                "negative responses; a ridge on square roots needs responses >= 0: set"
                " --config.ridge.share=0"
            )
        solved = [
            solve(
                np.asarray(features, "float32"),
                responses,
                groups,
                places,
                shares,
                windows,
            )
            for features, responses in draws
        ]
        self.weight.assign(np.mean([weight for weight, _ in solved], axis=0))
        self.bias.assign(np.mean([bias for _, bias in solved], axis=0))

    def call(self, features):
        return _rates(ops.matmul(features, self.weight) + self.bias)

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Rates `(batch,)`, of one neuron `(batch,)` for each row of features `(batch,
        n)`.
        """
        drive = ops.sum(
            features * ops.take(ops.transpose(self.weight), neurons, axis=0), axis=1
        )
        return _rates(drive + ops.take(self.bias, neurons))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {"neurons": self.neurons}


def _rates(drive):
    return ops.maximum(ops.square(ops.maximum(drive, 0.0)) - OFFSET, 1e-3)


def solve(features, responses, groups, places, shares, windows=WINDOWS):
    """The weights `(n, neurons)` and biases `(neurons,)` for one draw of images;
    arguments as of `RidgeReadout.fit`.
    """
    target = np.sqrt(responses + OFFSET)
    known = np.isfinite(target)
    mean = np.where(known, target, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    target = np.where(known, target - mean, 0)
    center = features.mean(axis=0)
    features = features - center
    power = np.square(features).mean(axis=0)

    scales = [_prior_scale(power, groups, places, shares, window) for window in windows]
    solved = [_posteriors((features * scale) @ features.T, target) for scale in scales]
    evidence = np.stack(
        [found for found, _ in solved]
    )  # (windows, shrinkages, neurons)
    weight = np.zeros((features.shape[1], target.shape[1]), "float32")
    for scale, (_, duals), share in zip(
        scales,
        solved,
        _model_weights(evidence, np.square(target).sum(axis=0) > 0),
        strict=True,
    ):
        dual = np.einsum("sn,sin->in", share, duals).astype("float32")
        weight += scale[:, None] * (features.T @ dual)
    return weight, mean - center @ weight


def _prior_scale(power, groups, places, shares, window):
    """`(n,)` prior variance of each weight: a Gaussian window over places, each group's
    features counting in all as its share.
    """
    row, column, width = window
    scale = np.exp(
        -((places[:, 0] - row) ** 2 + (places[:, 1] - column) ** 2) / (2 * width**2)
    )
    counted = np.bincount(groups, weights=scale * power, minlength=len(shares))
    return (
        scale * (shares / shares.sum() / np.maximum(counted, 1e-12))[groups]
    ).astype("float32")


def _posteriors(kernel, target):
    """Log evidence `(shrinkages, neurons)` and dual weights `(shrinkages, images,
    neurons)` under each noise level.
    """
    count = len(kernel)
    values, vectors = np.linalg.eigh(kernel.astype("float64"))
    values, rotated = np.maximum(values, 0), vectors.T @ target
    evidence, duals = [], []
    for shrinkage in SHRINKAGES:
        spread = (values + shrinkage)[:, None]
        # The scale of the prior is at its most likely value.
        misfit = np.maximum((np.square(rotated) / spread).mean(axis=0), 1e-12)
        evidence.append(-0.5 * count * np.log(misfit) - 0.5 * np.log(spread).sum())
        duals.append((vectors @ (rotated / spread)).astype("float32"))
    return np.stack(evidence), np.stack(duals)


def _model_weights(evidence, answers):
    """Posterior of each window and noise level for each neuron; windows that serve the
    neurons that answer are likelier beforehand.
    """
    likely = _softmax(evidence)
    for _ in range(3):
        common = (
            likely[..., answers].sum(axis=1).mean(axis=1)
            if answers.any()
            else np.zeros(len(likely))
        )  # (windows,)
        likely = _softmax(evidence + np.log(common + 0.1 / len(common))[:, None, None])
    return likely


def _softmax(logarithms):
    shifted = np.exp(logarithms - logarithms.max(axis=(0, 1)))
    return shifted / shifted.sum(axis=(0, 1))
