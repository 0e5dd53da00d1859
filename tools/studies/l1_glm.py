"""The L1-regularised Poisson GLM, solved for all neurons at once.

`tfp.glm.fit_sparse` can't: it takes the Hessian's diagonal with the weight of image j
for coefficient j, and so fails where there are more features than images
(github.com/tensorflow/probability/issues/642).
"""

import keras
import numpy as np
from scipy import special

from v1keras.data.statistics import pixel_statistics
from v1keras.models import DenseReadout, LogGaborCore, V1Model

# The largest of -(log softplus)'' and of softplus'': they bound the curvature of the
# likelihood.
_LOG_CURVATURE, _CURVATURE = 0.17, 0.25


def fit(recording, penalty):
    """Fit the GLM of each neuron: rate = softplus(weights features + bias).

    Features are log Gabor energies and blurred pixels.

    Args:
        recording: `Recording` with its split and no missing response.
        penalty: Float, penalty on the summed absolute weights of standardized features,
            as a fraction of the smallest that keeps all of a neuron's weights at 0.

    Returns:
        `V1Model`.
    """
    train = recording.indices("train")
    core = LogGaborCore(name="gabors")
    readout = DenseReadout(recording.neuron_count, name="glm")
    pixels = pixel_statistics([recording])
    model = V1Model(core, readout, recording.images.shape[1:], *pixels, "l1_glm")
    images = recording.images[train, ..., None].astype("float32")
    images = (images - model.pixel_mean) / model.pixel_std
    core.adapt(images)
    features = keras.ops.convert_to_numpy(core(images))
    # Without phases, and without what lies outside the aperture.
    used = (core.groups % 2 == 0) & (features.std(axis=0) > 1e-4)
    features = features[:, used]
    center, scale = features.mean(axis=0), features.std(axis=0)
    standardized = (features - center) / scale
    solution, bias = solve(standardized, recording.responses[train], penalty)
    weight = np.zeros(readout.weight.shape, "float32")
    weight[used] = solution / scale[:, None]
    readout.weight.assign(weight)
    readout.bias.assign(bias - center @ weight[used])
    return model


def solve(features, responses, penalty, steps=300):
    """Minimize mean_i[softplus(d_i) - y_i log softplus(d_i)] + l sum |w|.

    Here d = features w + bias. The method is accelerated proximal gradient descent.

    Args:
        features: `(images, n)`, each of mean 0.
        responses: `(images, neurons)`, 0 or more.
        penalty: Float, l as a fraction of the smallest that keeps all of a neuron's
            weights at 0.
        steps: Integer, steps of the descent.

    Returns:
        Weights `(n, neurons)` and biases `(neurons,)`.

    Reference: Beck & Teboulle 2009 (SIAM Journal on Imaging Sciences 2:183), with the
    restart of O'Donoghue & Candes 2015.
    """
    features, responses = features.astype("float32"), responses.astype("float32")
    count = len(features)

    def slope(drive):
        rate = np.maximum(np.logaddexp(0, drive), 1e-6)
        return (1 - responses / rate) * special.expit(drive) / count

    mean = np.maximum(responses.mean(axis=0), 1e-3)
    bias = np.log(np.expm1(mean)).astype("float32")
    first_slope = slope(np.broadcast_to(bias, responses.shape))
    strength = penalty * np.abs(features.T @ first_slope).max(axis=0)
    # Features of mean 0 do not change the bias, which so has a rate of its own.
    curvature = _CURVATURE + _LOG_CURVATURE * responses.max(axis=0)
    bias_rate = (1 / curvature).astype("float32")
    rate = bias_rate / np.linalg.eigvalsh(features @ features.T / count)[-1]
    weight = np.zeros((features.shape[1], responses.shape[1]), "float32")
    momentum = np.ones(responses.shape[1], "float32")
    ahead, ahead_bias = weight, bias
    for _ in range(steps):
        gradient = slope(features @ ahead + ahead_bias)
        stepped = ahead - rate * (features.T @ gradient)
        new = np.sign(stepped) * np.maximum(np.abs(stepped) - rate * strength, 0)
        new_bias = ahead_bias - bias_rate * gradient.sum(axis=0)
        # Where the momentum points uphill it starts again.
        uphill = ((ahead - new) * (new - weight)).sum(axis=0) > 0
        following = np.where(uphill, 1, (1 + np.sqrt(1 + 4 * momentum**2)) / 2)
        share = np.where(uphill, 0, (momentum - 1) / following).astype("float32")
        ahead = new + share * (new - weight)
        ahead_bias = new_bias + share * (new_bias - bias)
        weight, bias, momentum = new, new_bias, following
    return weight, bias
