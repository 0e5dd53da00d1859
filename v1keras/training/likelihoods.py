"""Noise models: distributions of a response around its rate.

Each is a Keras layer that holds the parameters learned per neuron. Its
`distribution(rates)` is one of TensorFlow Probability, with `log_prob`, `mean`,
`variance` and `sample`; the mean is the rate that the model predicts. The parameters
learned with a preset are in its metadata.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from v1keras.training.noise_model import NoiseModel
from v1keras.training.zero_inflated_gamma import ZeroInflatedGammaDistribution


@keras.saving.register_keras_serializable(package="v1keras")
class Poisson(NoiseModel):
    """Poisson distributed spike counts.

    Means of counts, which are not integers, get their likelihood up to a constant.

    Example:

    >>> import math
    >>> log_prob = float(Poisson().distribution(2.0).log_prob(3.0))
    >>> round(log_prob, 6) == round(3 * math.log(2) - 2 - math.log(6), 6)
    True
    """

    nonnegative = True

    def noise(self, rates: Any) -> Any:
        return tfd.Poisson(rate=rates, force_probs_to_zero_outside_support=False)


@keras.saving.register_keras_serializable(package="v1keras")
class NegativeBinomial(NoiseModel):
    """Spike counts with variance = rate + dispersion * rate^2.

    The dispersion is learned per neuron. These are the counts of a Poisson neuron whose
    gain is itself gamma distributed (Goris, Movshon & Simoncelli 2014, Nature
    Neuroscience 17:858).

    Example:

    >>> noise = NegativeBinomial()
    >>> noise.build((None, 1))
    >>> variance = noise.distribution([[4.0]]).variance()
    >>> round(float(variance[0, 0]), 3)  # It starts at 4 + 0.1 * 16.
    5.6
    """

    nonnegative = True

    def build(self, input_shape):
        self.dispersion = self.add_weight(
            shape=(input_shape[-1],), initializer=_softplus_of(0.1), name="dispersion"
        )

    def noise(self, rates: Any) -> Any:
        return tfd.NegativeBinomial.experimental_from_mean_dispersion(
            rates, tf.nn.softplus(self.dispersion.value)
        )


@keras.saving.register_keras_serializable(package="v1keras")
class Gaussian(NoiseModel):
    """Gaussian noise around a rate of 0 or above.

    Its standard deviation is learned per neuron.

    Example:

    >>> noise = Gaussian()
    >>> noise.build((None, 2))
    >>> deviation = noise.distribution([[3.0, 4.0]]).stddev().numpy()
    >>> deviation.round(3).tolist()  # Where it starts.
    [[1.0, 1.0]]
    """

    nonnegative = False

    def build(self, input_shape):
        self.scale = self.add_weight(
            shape=(input_shape[-1],), initializer=_softplus_of(1.0), name="scale"
        )

    def noise(self, rates: Any) -> Any:
        return tfd.Normal(rates, tf.nn.softplus(self.scale.value) + 1e-4)


@keras.saving.register_keras_serializable(package="v1keras")
class ZeroInflatedGamma(NoiseModel):
    """Fluorescence, deconvolved or raw: often almost nothing, else gamma distributed.

    With probability q the response is `threshold` plus a gamma variable of shape k,
    else it is uniform between 0 and `threshold`; q and k are learned per neuron, the
    gamma's scale follows from the rate (Wei, Zhou et al. 2019, bioRxiv 637652).

    Args:
        threshold: Float, response below which there is none, in units of the responses
            less their scale and offset. The rate is the mean as long as it exceeds
            what `threshold` itself contributes.

    Example:

    >>> noise = ZeroInflatedGamma()
    >>> noise.build((None, 2))
    >>> noise.distribution([[3.0, 4.0]]).mean().numpy().round(3).tolist()
    [[3.0, 4.0]]
    """

    nonnegative = True

    def __init__(self, threshold: float = 0.005, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.threshold = threshold

    def build(self, input_shape):
        self.logit = self.add_weight(
            shape=(input_shape[-1],), initializer="zeros", name="logit"
        )
        self.concentration = self.add_weight(
            shape=(input_shape[-1],),
            initializer=_softplus_of(1.0),
            name="concentration",
        )

    def noise(self, rates: Any) -> Any:
        return ZeroInflatedGammaDistribution(
            tf.convert_to_tensor(rates),
            self.logit.value,
            tf.nn.softplus(self.concentration.value) + 1e-3,
            self.threshold,
        )

    def get_config(self):
        return super().get_config() | {"threshold": self.threshold}


LIKELIHOODS = {
    "poisson": Poisson,
    "negative_binomial": NegativeBinomial,
    "gaussian": Gaussian,
    "zero_inflated_gamma": ZeroInflatedGamma,
}


def make_likelihood(name: str) -> keras.Layer:
    """Make a noise model.

    Args:
        name: String, one of `LIKELIHOODS`.

    Raises:
        ValueError: Unknown name.
    """
    if name not in LIKELIHOODS:
        raise ValueError(
            f"likelihood: found {name!r}, expected one of {', '.join(LIKELIHOODS)}"
        )
    return LIKELIHOODS[name](name=name)


def likelihood_of(
    metadata: dict[str, Any], neurons: slice | Sequence[int] | np.ndarray = slice(None)
) -> keras.Layer:
    """Return the noise model that a preset was trained with, and its parameters.

    Args:
        metadata: Dict, the preset's metadata, as `v1keras.zoo.info` returns it.
        neurons: Slice or indices of some of the preset's neurons; those of several
            recordings follow one another.

    Raises:
        ValueError: The preset has no noise model: it was trained without one, or by an
            earlier version.

    Example:

    >>> noise = {"name": "negative_binomial", "values": {"dispersion": [-2.0, 0.0]}}
    >>> distribution = likelihood_of({"noise": noise}).distribution([[4.0, 4.0]])
    >>> variance = distribution.variance().numpy().astype(float)
    >>> variance.round(1).tolist()  # 4 + 16 softplus(dispersion)
    [[6.0, 15.1]]
    """
    if not metadata.get("noise"):
        raise ValueError(
            "the preset holds no noise model; expected `noise` in its metadata, as"
            " written by v1keras >= 0.1.0"
        )
    noise = make_likelihood(metadata["noise"]["name"])
    values = {}
    for name, column in metadata["noise"]["values"].items():
        values[name] = np.asarray(column, "float32")[neurons]
    noise.build((None, *next(iter(values.values()), np.empty(0)).shape))
    noise.built = True
    for variable in noise.variables:
        variable.assign(values[variable.name])
    unit = []
    for name in ("output_scale", "output_offset"):
        column = metadata["noise"].get(name)
        unit.append(None if column is None else np.asarray(column)[neurons])
    noise.set_unit(*unit)
    return noise


def learned_noise(likelihoods: Sequence[keras.Layer]) -> dict[str, Any] | None:
    """Return the name and the parameters of trained noise, for a preset's metadata.

    Args:
        likelihoods: Sequence of trained noise models of one kind, one per member of an
            ensemble, whose mean is taken; None is returned for an empty one.

    Example:

    >>> noise = make_likelihood("gaussian")
    >>> noise.build((None, 2))
    >>> learned_noise([noise])["name"], len(learned_noise([noise])["values"]["scale"])
    ('gaussian', 2)
    """
    if not likelihoods:
        return None
    values = {}
    parameters = [likelihood.variables for likelihood in likelihoods]
    for members in zip(*parameters, strict=True):
        mean = np.mean([variable.numpy() for variable in members], axis=0)
        values[members[0].name] = mean.tolist()
    learned: dict[str, Any] = {"name": likelihoods[0].name, "values": values}
    for name in ("output_scale", "output_offset"):
        column = getattr(likelihoods[0], name)
        if column is not None:
            learned[name] = column.tolist()
    return learned


def check_responses(likelihood: keras.Layer, responses: np.ndarray) -> None:
    """Refuse responses outside the support of a likelihood.

    Args:
        likelihood: Noise model.
        responses: Float array `(images, neurons)`, NaN = missing.

    Raises:
        ValueError: Some responses are negative, and the noise model does not allow it.

    Example:

    >>> import numpy as np
    >>> check_responses(make_likelihood("gaussian"), np.array([[-1.0]]))
    """
    negative = (responses < 0).any(axis=0)
    if likelihood.nonnegative and negative.any():
        raise ValueError(
            f"{int(negative.sum())} neurons have negative responses (neuron"
            f" {int(negative.argmax())} for one); a {likelihood.name} likelihood needs"
            " responses >= 0; take --config.training.likelihood=gaussian"
        )


def _softplus_of(value):
    return keras.initializers.Constant(math.log(math.expm1(value)))
