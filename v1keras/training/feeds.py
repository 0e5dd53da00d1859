"""How a batch reaches the devices: from arrays that live there, or read while the step before is computed.

Both give the same batches. A feed's `blocks(order, first)` goes through the `(steps, batch, sessions)` indices of an epoch's batches from
step `first` on and yields (block, start, stop): in one call of a compiled function, `batch(block, i)` gives the images and responses of each
session for i from start to stop. `took` is told the seconds of a step, for there is a look at the clock and at signals after each call.
"""

import numpy as np
import tensorflow as tf

from v1keras.training.strategy import is_multiworker

_BLOCK_BYTES = 1 << 26  # read ahead twice
_STEPS = 32  # a call, as long as a step's time is unknown
_PAUSE = 0.5  # seconds a call, then


class Resident:
    """All images and responses on every device; each replica gathers its share of a batch by indices.

    Args:
        train: list of (images `(n, h, w, 1)`, responses `(n, neurons)`), one a session.
        strategy: a `tf.distribute` strategy.
        batch_size: images of each session over all replicas.
    """

    def __init__(self, train, strategy, batch_size):
        self.share = batch_size // strategy.num_replicas_in_sync
        # Several machines must look at the clock after the same step.
        self.steps, self.alone = _STEPS, not is_multiworker(strategy)
        with strategy.scope():
            self.images = [tf.Variable(np.asarray(shown), trainable=False, dtype=_stored(shown)) for shown, _ in train]
            self.responses = [tf.Variable(np.asarray(target), trainable=False, dtype=tf.float32) for _, target in train]

    def blocks(self, order, first):
        block = tf.constant(order, tf.int32)  # always of one shape: another would be compiled anew
        while first < len(order):
            stop = min(first + self.steps, len(order))
            yield block, first, stop
            first = stop

    def took(self, seconds):
        self.steps = max(1, int(_PAUSE / seconds)) if self.alone else self.steps

    def batch(self, block, i):
        begin = tf.distribute.get_replica_context().replica_id_in_sync_group * self.share
        mine = tf.ensure_shape(block[i, begin : begin + self.share], (self.share, len(self.images)))
        mine = tf.unstack(mine, axis=1)
        images = [tf.gather(*pair) for pair in zip(self.images, mine, strict=True)]
        return images, [tf.gather(*pair) for pair in zip(self.responses, mine, strict=True)]


class Streamed:
    """Images and responses stay where they are, in memory or on the disk; each machine reads its own replicas' share, ahead of the steps.

    Args:
        train, strategy, batch_size: as for `Resident`; the arrays may be `v1keras.data.Rows`.
    """

    def __init__(self, train, strategy, batch_size):
        self.train, self.strategy = train, strategy
        self.share = batch_size // strategy.num_replicas_in_sync
        here = []
        strategy.experimental_distribute_values_from_function(lambda context: here.append(context.replica_id_in_sync_group) or tf.zeros(()))
        self.first, self.local = min(here), len(here)
        a_step = sum(array[:1].nbytes for pair in train for array in pair) * self.share * self.local
        self.steps = int(np.clip(_BLOCK_BYTES // a_step, 1, _STEPS))

    def blocks(self, order, first):
        mine = order[first:, self.first * self.share : (self.first + self.local) * self.share]
        kinds = [tf.as_dtype(array.dtype) for pair in self.train for array in pair]
        starts = tf.data.Dataset.range(0, len(mine), self.steps)
        read = starts.map(lambda start: tf.numpy_function(lambda start: self._read(mine, start), [start], kinds)).prefetch(2)
        for start, arrays in zip(range(0, len(mine), self.steps), read, strict=True):
            yield [self._spread(array) for array in arrays], 0, min(self.steps, len(mine) - start)

    def took(self, seconds):
        pass

    def _read(self, mine, start):
        """The arrays `(steps, images here, ...)` of a block; the last is filled up, so that all are of one shape."""
        block = mine[start : start + self.steps]
        block = np.concatenate([block, np.repeat(block[-1:], self.steps - len(block), axis=0)])
        arrays = [(array, block[..., i]) for i, pair in enumerate(self.train) for array in pair]
        return [array[rows.ravel()].reshape(*rows.shape, *array.shape[1:]) for array, rows in arrays]

    def _spread(self, array):
        """Each replica's share of an array on its own device."""

        def share(context):
            begin = (context.replica_id_in_sync_group - self.first) * self.share
            return array[:, begin : begin + self.share]

        return self.strategy.experimental_distribute_values_from_function(share)

    def batch(self, block, i):
        return [images[i] for images in block[::2]], [responses[i] for responses in block[1::2]]


def feed_of(train, strategy, batch_size, resident_gb):
    """A `Resident` feed where the arrays take no more than so many GB, else a `Streamed` one."""
    size = sum(array.size * _stored(array).size if i == 0 else array.nbytes for pair in train for i, array in enumerate(pair))
    return (Resident if size <= resident_gb * 1e9 else Streamed)(train, strategy, batch_size)


def _stored(images):
    """Half precision holds the values of uint8 exactly, in half the memory; uint8 itself can't be sent between machines."""
    return tf.float16 if images.dtype == np.uint8 else tf.float32
