"""One step of gradient descent on the likelihood."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from v1keras.training.input_pipeline import stack_sessions


def make_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    likelihood: keras.Layer,
    batch_size: int,
    replicas: int = 1,
    neuron_weights: np.ndarray | None = None,
) -> Callable[[list[Any], list[Any]], Any]:
    """Make the function that updates a model by one replica's share of a batch.

    The loss is the negative log-likelihood, summed over neurons and averaged over
    images, plus the model's penalties.

    Args:
        model: Keras model, inputs -> rates `(batch, neurons)`.
        optimizer: Keras optimizer, built for the variables of model and likelihood.
        likelihood: Noise model of `v1keras.training.likelihoods`.
        batch_size: Integer, number of images of each session over all replicas.
        replicas: Integer, number of replicas.
        neuron_weights: Float array `(neurons,)`, weight of each neuron's
            log-likelihood; None for equal weights.

    Returns:
        Callable `(inputs, responses)` -> loss per neuron; it takes two lists with an
        entry per session. NaN responses are left out.
    """
    trainable = model.trainable_variables + likelihood.trainable_variables
    if neuron_weights is None:
        neuron_weights = 1.0

    def step(inputs, responses):
        inputs = tf.nest.map_structure(lambda array: tf.cast(array, tf.float32), inputs)
        inputs = stack_sessions(inputs, tf.stack)
        responses = tf.cast(tf.concat(responses, axis=1), tf.float32)
        recorded = tf.math.is_finite(responses)
        responses = likelihood.in_spikes(responses)
        weights = tf.constant(neuron_weights, tf.float32)
        with tf.GradientTape() as tape:
            # Far below zero softplus is 0 in float32, and 0 has no logarithm.
            rates = tf.cast(model(inputs, training=True), tf.float32)
            rates = likelihood.in_spikes(rates) + 1e-6
            log_prob = likelihood.noise(rates).log_prob(
                tf.where(recorded, responses, tf.ones_like(responses))
            )
            log_prob = weights * tf.where(recorded, log_prob, 0)
            # Divided by the global batch: replicas' gradients add up to those of one
            # device.
            nll = -tf.reduce_sum(log_prob) / batch_size
            loss = nll + sum(model.losses, tf.zeros(())) / replicas
            # Replicas are traced in turn within one call of the model: the next would
            # find what this one's layers have added beside its own.
            model._clear_losses()
        values = [variable.value for variable in trainable]
        optimizer.apply(tape.gradient(loss, values), trainable)
        return loss / model.output_shape[-1]

    return step
