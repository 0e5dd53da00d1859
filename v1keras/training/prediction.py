"""Rates of many images, and their scores."""

import numpy as np
import tensorflow as tf

from v1keras.training.input_pipeline import stack_sessions


class Predictor:
    """Prediction of many images in batches.

    Each replica of the strategy in whose scope it is made computes its share of every
    batch.

    Args:
        model: Callable, images `(batch, height, width, 1)` in pixel units, or a dict of
            these and of covariates -> rates `(batch, neurons)`.
        batch_size: Integer, number of images per batch, over all replicas.

    Call arguments:
        inputs: Images `(n, height, width, 1)`, an array or `LazyRows`; or the dict of
            such arrays that the model takes.

    Returns:
        Rates `(n, neurons)`.

    Example:

    >>> Predictor(lambda images: images[:, 0, :2, 0])(
    ...     np.arange(12.0).reshape(3, 2, 2, 1)
    ... ).tolist()
    [[0.0, 1.0], [4.0, 5.0], [8.0, 9.0]]
    """

    def __init__(self, model, batch_size=256):
        self.strategy = strategy = tf.distribute.get_strategy()
        self.share = -(-batch_size // strategy.num_replicas_in_sync)
        self.run = model
        if strategy.num_replicas_in_sync > 1:
            self.run = tf.function(
                lambda inputs: strategy.gather(
                    strategy.run(model, args=(inputs,)), axis=0
                )
            )

    def __call__(self, inputs):
        size = self.share * self.strategy.num_replicas_in_sync
        rates = []
        for start in range(0, count_of(inputs), size):
            rates.append(self._predict_batch(_slice(inputs, start, start + size)))
        return np.concatenate(rates)

    def _predict_batch(self, inputs):
        count, replicas = count_of(inputs), self.strategy.num_replicas_in_sync
        if replicas == 1:
            return np.asarray(self.run(tf.nest.map_structure(tf.constant, inputs)))
        # The last batch is filled up, so that every replica has the same number.
        share = min(self.share, -(-count // replicas))
        padding = replicas * share - count

        def pad(array):
            return np.concatenate([array, np.repeat(array[-1:], padding, axis=0)])

        padded = tf.nest.map_structure(pad, inputs)

        def replica_inputs(context):
            start = context.replica_id_in_sync_group * share
            return _slice(padded, start, start + share)

        distribute = self.strategy.experimental_distribute_values_from_function
        return np.asarray(self.run(distribute(replica_inputs)))[:count]


def score_sessions(predict, score, sessions):
    """Return the `(neurons,)` scores of all sessions' neurons, session after session.

    Args:
        predict: `Predictor` of a model that takes an image of each session at once.
        score: Callable, (responses, rates), both `(images, neurons)` -> `(neurons,)`.
        sessions: List of (inputs, responses), one per session.
    """
    if len(sessions) == 1:
        inputs, responses = sessions[0]
        return score(np.asarray(responses), predict(inputs))
    # Sessions with fewer images repeat some, whose rates are then left out.
    rows = np.arange(max(count_of(inputs) for inputs, _ in sessions))
    repeated = []
    for inputs, _ in sessions:
        repeated.append(
            tf.nest.map_structure(lambda array: array[rows % len(array)], inputs)
        )
    rates = predict(stack_sessions(repeated, np.stack))
    scores, first = [], 0
    for _, responses in sessions:
        count, neurons = responses.shape
        scores.append(score(responses, rates[:count, first : first + neurons]))
        first += neurons
    return np.concatenate(scores)


def count_of(inputs):
    """Return the number of images in a model's inputs.

    Example:

    >>> count_of({"images": np.zeros((3, 4, 4, 1)), "pupil_center": np.zeros((3, 2))})
    3
    """
    return len(tf.nest.flatten(inputs)[0])


def _slice(inputs, start, stop):
    return tf.nest.map_structure(
        lambda array: np.asarray(array[start:stop], "float32"), inputs
    )
