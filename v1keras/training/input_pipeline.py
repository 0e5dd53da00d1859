"""How a batch reaches the devices: from arrays that live there, or read while the step
before is computed.

Both give the same batches. A feed's `blocks(order, first)` goes through the `(steps,
batch, sessions)` indices of an epoch's batches from step `first` on and yields (block,
start, stop): in one call of a compiled function, `batch(block, i)` gives the inputs and
responses of each session for i from start to stop. `took` is told the seconds of a
step, for there is a look at the clock and at signals after each call.
"""

import numpy as np
import tensorflow as tf

from v1keras.training.strategy import is_multiworker

_BLOCK_BYTES = 1 << 26  # read ahead twice
_STEPS = 32  # a call, as long as a step's time is unknown
_PAUSE = 0.5  # seconds a call, then


class Resident:
    """All inputs and responses on every device; each replica gathers its share of a
    batch by indices.

    Args:
        train: list of (inputs, responses `(n, neurons)`), one a session; inputs are
            images `(n, h, w, 1)` or a dict of arrays.
        strategy: a `tf.distribute` strategy.
        batch_size: images of each session over all replicas.
    """

    def __init__(self, train, strategy, batch_size):
        self.share = batch_size // strategy.num_replicas_in_sync
        # Several machines must look at the clock after the same step.
        self.steps, self.alone = _STEPS, not is_multiworker(strategy)
        with strategy.scope():
            hold = lambda array: tf.Variable(
                np.asarray(array), trainable=False, dtype=_stored(array)
            )
            self.data = [tf.nest.map_structure(hold, pair) for pair in train]

    def blocks(self, order, first):
        block = tf.constant(
            order, tf.int32
        )  # always of one shape: another would be compiled anew
        while first < len(order):
            stop = min(first + self.steps, len(order))
            yield block, first, stop
            first = stop

    def took(self, seconds):
        self.steps = max(1, int(_PAUSE / seconds)) if self.alone else self.steps

    def batch(self, block, i):
        begin = (
            tf.distribute.get_replica_context().replica_id_in_sync_group * self.share
        )
        mine = tf.ensure_shape(
            block[i, begin : begin + self.share], (self.share, len(self.data))
        )
        gather = lambda pair, rows: tf.nest.map_structure(
            lambda array: tf.gather(array, rows), pair
        )
        return [
            gather(*each)
            for each in zip(self.data, tf.unstack(mine, axis=1), strict=True)
        ]


class Streamed:
    """Inputs and responses stay where they are, in memory or on the disk; each machine
    reads its own replicas' share, ahead of the steps.

    Args:
        train, strategy, batch_size: as for `Resident`; the arrays may be
            `v1keras.data.LazyRows`.
    """

    def __init__(self, train, strategy, batch_size):
        self.train, self.strategy = train, strategy
        self.arrays = [
            (array, i)
            for i, pair in enumerate(train)
            for array in tf.nest.flatten(pair)
        ]  # and of which session each is
        self.share = batch_size // strategy.num_replicas_in_sync
        here = []
        strategy.experimental_distribute_values_from_function(
            lambda context: (
                here.append(context.replica_id_in_sync_group) or tf.zeros(())
            )
        )
        self.first, self.local = min(here), len(here)
        a_step = (
            sum(array[:1].nbytes for array, _ in self.arrays) * self.share * self.local
        )
        self.steps = int(np.clip(_BLOCK_BYTES // a_step, 1, _STEPS))

    def blocks(self, order, first):
        mine = order[
            first:, self.first * self.share : (self.first + self.local) * self.share
        ]
        kinds = [tf.as_dtype(array.dtype) for array, _ in self.arrays]
        starts = tf.data.Dataset.range(0, len(mine), self.steps)
        read = starts.map(
            lambda start: tf.numpy_function(
                lambda start: self._read(mine, start), [start], kinds
            )
        ).prefetch(2)
        for start, arrays in zip(range(0, len(mine), self.steps), read, strict=True):
            yield (
                [self._spread(array) for array in arrays],
                0,
                min(self.steps, len(mine) - start),
            )

    def took(self, seconds):
        pass

    def _read(self, mine, start):
        """The arrays `(steps, images here, ...)` of a block; the last is filled up, so
        that all are of one shape.
        """
        block = mine[start : start + self.steps]
        block = np.concatenate(
            [block, np.repeat(block[-1:], self.steps - len(block), axis=0)]
        )
        rows = [block[..., i] for _, i in self.arrays]
        return [
            array[at.ravel()].reshape(*at.shape, *array.shape[1:])
            for (array, _), at in zip(self.arrays, rows, strict=True)
        ]

    def _spread(self, array):
        """Each replica's share of an array on its own device."""

        def share(context):
            begin = (context.replica_id_in_sync_group - self.first) * self.share
            return array[:, begin : begin + self.share]

        return self.strategy.experimental_distribute_values_from_function(share)

    def batch(self, block, i):
        return tf.nest.pack_sequence_as(self.train, [array[i] for array in block])


def feed_of(train, strategy, batch_size, resident_gb):
    """A `Resident` feed where the arrays take no more than so many GB, else a
    `Streamed` one.
    """
    size = sum(array.size * _stored(array).size for array in tf.nest.flatten(train))
    return (Resident if size <= resident_gb * 1e9 else Streamed)(
        train, strategy, batch_size
    )


def _stored(array):
    """Half precision holds the values of uint8 exactly, in half the memory; uint8
    itself can't be sent between machines.
    """
    return tf.float16 if array.dtype == np.uint8 else tf.float32
