"""Keras metrics of rates against responses, accumulated over batches."""

import keras
from keras import ops

__all__ = ["Correlation"]

# A prediction whose norm about its mean is below this fraction of its norm is constant,
# as in `v1keras.evaluation.correlation`.
_CONSTANT = 1e-7


@keras.saving.register_keras_serializable(package="v1keras")
class Correlation(keras.metrics.Metric):
    """Pearson correlation of responses and rates over images, averaged over neurons.

    It is the mean of `v1keras.evaluation.correlation` over the neurons that have one,
    and does not depend on the division of the images into batches: a response of NaN is
    missing, a constant prediction counts as 0, and a neuron whose responses are
    constant, or fewer than two, is excluded from the mean. A rate that is not finite
    makes the metric NaN. It works with `keras.callbacks.EarlyStopping` under the name
    `val_correlation` and `mode="max"`, and over the replicas of `tf.distribute`.

    Args:
        name: String, name of the metric.
        dtype: String, dtype of the sums.

    Reference: Chan, Golub & LeVeque 1983 (The American Statistician 37:242), for the
    merging of variances.

    Example:

    >>> import numpy as np
    >>> metric = Correlation()
    >>> metric.update_state(np.array([[1.0], [2.0]]), np.array([[2.0], [4.0]]))
    >>> metric.update_state(np.array([[3.0], [np.nan]]), np.array([[6.0], [0.0]]))
    >>> round(float(metric.result()), 6)
    1.0
    """

    def __init__(self, name: str = "correlation", dtype: str = "float32") -> None:
        super().__init__(name=name, dtype=dtype)
        self._built = False

    def _build(self, neurons):
        """Make the sums, with a row for each replica, which it alone fills.

        TensorFlow adds the variables of the replicas where they are read, which merges
        the rows. Values are stored as differences from `origin`, the first value: small
        numbers, whose relevant digits fit into float32. `scatter` holds sums of
        products of deviations from the mean. Axes of length 2 are responses and rates.
        """
        _, replicas = _replica()
        rows = (replicas, neurons)
        shapes = {
            "count": rows,
            "origin": (2, *rows),
            "mean": (2, *rows),
            "scatter": (2, 2, *rows),
        }
        self._sums = [
            self.add_variable(shape, "zeros", dtype=self.dtype, name=name)
            for name, shape in shapes.items()
        ]
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            raise ValueError(
                "sample_weight: a correlation weights all images equally; compile the"
                " metric under `metrics`, not `weighted_metrics`"
            )
        responses = ops.convert_to_tensor(y_true, dtype=self.dtype)
        rates = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        if len(responses.shape) != 2 or responses.shape[1] != rates.shape[-1]:
            raise ValueError(
                f"responses {tuple(responses.shape)} and rates {tuple(rates.shape)}:"
                " expected the same (images, neurons)"
            )
        if not self._built:
            self._build(responses.shape[1])
        count, origin, mean, scatter = self._sums
        index, replicas = _replica()
        own_row = ops.one_hot(index, replicas, dtype=self.dtype)[:, None]

        present = ops.logical_not(ops.isnan(responses))
        values = ops.where(present, ops.stack([responses, rates]), 0.0)
        present = ops.cast(present, self.dtype)
        own_origin = ops.where(
            ops.sum(own_row * count, axis=0) > 0,
            ops.sum(own_row * origin, axis=1),
            _first_values(values, present),
        )
        values = (values - own_origin[:, None]) * present
        batch_count, batch_mean, batch_scatter = _moments(values, present)

        # The batch is merged into the row of this replica. To the others it adds 0.
        added = own_row * batch_count  # (replicas, neurons)
        total = count + added
        share = added / ops.maximum(total, 1.0)
        change = own_row * (batch_mean[:, None] - mean)  # (2, replicas, neurons)
        between = count * share * change[:, None] * change
        scatter.assign(scatter + own_row * batch_scatter[:, :, None] + between)
        mean.assign(mean + share * change)
        origin.assign(own_row * own_origin[:, None])
        count.assign(total)

    def result(self):
        if not self._built:
            return ops.convert_to_tensor(float("nan"), dtype=self.dtype)
        images, mean, scatter = self._merged_rows()
        response_scatter, rate_scatter = scatter[0, 0], scatter[1, 1]
        joint_scatter = scatter[0, 1]

        rate_squares = rate_scatter + images * ops.square(mean[1])
        constant = ops.sqrt(rate_scatter) <= _CONSTANT * ops.sqrt(rate_squares)
        spread = ops.sqrt(response_scatter) * ops.sqrt(rate_scatter)
        spread = ops.where(ops.logical_or(constant, spread == 0), 1.0, spread)
        correlation = ops.clip(joint_scatter / spread, -1.0, 1.0)
        correlation = ops.where(constant, 0.0, correlation)

        # A rate that was not finite has made the sums NaN. Its neuron is included, so
        # that the metric is NaN, even if the responses are constant.
        not_finite = ops.isnan(joint_scatter)
        included = ops.logical_or(response_scatter > 0, not_finite)
        correlation = ops.where(included, correlation, 0.0)
        neurons = ops.sum(ops.cast(included, self.dtype))
        average = ops.sum(correlation) / ops.maximum(neurons, 1.0)
        return ops.where(neurons > 0, average, float("nan"))

    def _merged_rows(self):
        """Merge the rows of all replicas.

        Returns:
            Tuple of the number of images `(neurons,)`, the means of responses and rates
            `(2, neurons)`, and their scatter `(2, 2, neurons)`.
        """
        count, origin, mean, scatter = map(ops.convert_to_tensor, self._sums)
        images = ops.sum(count, axis=0)
        # The means of all rows as differences from one origin, that of the fullest row.
        fullest_row = ops.argmax(count, axis=0)[None, None]
        common_origin = ops.take_along_axis(origin, fullest_row, axis=1)
        mean = ops.where(count > 0, mean + (origin - common_origin), 0.0)
        total_mean = ops.sum(count * mean, axis=1) / ops.maximum(images, 1.0)
        change = mean - total_mean[:, None]
        scatter = ops.sum(scatter + count * change[:, None] * change, axis=2)
        return images, common_origin[:, 0] + total_mean, scatter


def _first_values(values, present):
    """Return the values of each neuron at its first image with a response.

    Args:
        values: Tensor `(2, images, neurons)`, responses and rates.
        present: Tensor `(images, neurons)`, 1 where there is a response, 0 elsewhere.
    """
    first_image = ops.argmax(present, axis=0)[None, None]
    return ops.take_along_axis(values, first_image, axis=1)[:, 0]


def _moments(values, present):
    """Return the count, the mean and the scatter of a batch, for each neuron.

    Args:
        values: Tensor `(2, images, neurons)`, 0 where there is no response.
        present: Tensor `(images, neurons)`, 1 where there is a response, 0 elsewhere.

    Returns:
        Tuple of tensors of the shapes `(neurons,)`, `(2, neurons)` and
        `(2, 2, neurons)`. The last holds sums of products of deviations from the mean.
    """
    count = ops.sum(present, axis=0)
    mean = ops.sum(values, axis=1) / ops.maximum(count, 1.0)
    deviations = (values - mean[:, None]) * present
    scatter = ops.sum(deviations[:, None] * deviations, axis=2)
    return count, mean, scatter


def _replica():
    """Return the index of this replica under `tf.distribute`, and their number."""
    if keras.backend.backend() != "tensorflow":
        return 0, 1
    import tensorflow as tf

    # There is no context outside of the replicas.
    context = tf.distribute.get_replica_context()
    index = context.replica_id_in_sync_group if context else 0
    return index, tf.distribute.get_strategy().num_replicas_in_sync
