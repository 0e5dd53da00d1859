"""Rates of many images."""

import numpy as np
import tensorflow as tf


class Predictor:
    """Rates of many images, by batches; each replica of the strategy in whose scope it
    is made computes its share of every batch.

    Args:
        model: callable, images `(batch, height, width, 1)` in pixel units, or a dict of
            these and of others -> rates `(batch, neurons)`.
        batch_size: images at a time, over all replicas.

    Call arguments:
        inputs: images `(n, height, width, 1)`, an array or `LazyRows`; or the dict of
            such that the model takes.

    Returns:
        `(n, neurons)`.

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
                lambda shown: strategy.gather(
                    strategy.run(model, args=(shown,)), axis=0
                )
            )

    def __call__(self, inputs):
        size = self.share * self.strategy.num_replicas_in_sync
        some = lambda start: tf.nest.map_structure(
            lambda array: np.asarray(array[start : start + size], "float32"), inputs
        )
        return np.concatenate(
            [self._of_batch(some(start)) for start in range(0, count_of(inputs), size)]
        )

    def _of_batch(self, shown):
        count, replicas = count_of(shown), self.strategy.num_replicas_in_sync
        if replicas == 1:
            return np.asarray(self.run(tf.nest.map_structure(tf.constant, shown)))
        share = min(
            self.share, -(-count // replicas)
        )  # the last batch is filled up, so that every replica has as many
        shown = tf.nest.map_structure(
            lambda array: np.concatenate(
                [array, np.repeat(array[-1:], replicas * share - count, axis=0)]
            ),
            shown,
        )

        def of_replica(context):
            begin = context.replica_id_in_sync_group * share
            return tf.nest.map_structure(
                lambda array: array[begin : begin + share], shown
            )

        return np.asarray(
            self.run(
                self.strategy.experimental_distribute_values_from_function(of_replica)
            )
        )[:count]


def count_of(inputs):
    """How many images there are in a model's inputs.

    Example:

    >>> count_of({"images": np.zeros((3, 4, 4, 1)), "pupil_center": np.zeros((3, 2))})
    3
    """
    return len(tf.nest.flatten(inputs)[0])
