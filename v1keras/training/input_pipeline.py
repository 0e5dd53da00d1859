"""Input pipelines: they carry batches to the devices and run an epoch's steps on them.

The training data live on the devices (`InMemoryPipeline`), or are read while earlier
steps are computed (`StreamingPipeline`). Both give the same batches.
"""

import time

import numpy as np
import tensorflow as tf

from v1keras.training.strategy import is_multiworker

_BLOCK_BYTES = 1 << 26  # Two blocks are read ahead.
_STEPS = 32  # Steps per call, as long as a step's duration is unknown.
_PAUSE = 0.5  # Seconds per call, then.


class _Pipeline:
    """The compiled loop that both pipelines share.

    A subclass's `_batch(block, i)` is called on each replica and returns its share of
    the i-th batch of a block: (inputs, responses) of each session.
    """

    def __init__(self, train, strategy, batch_size):
        self.train = train
        self.strategy = strategy
        self.share = batch_size // strategy.num_replicas_in_sync

    def compile(self, step):
        """Compile a step into the function that `run` calls.

        Args:
            step: Callable `(inputs, responses)` -> loss; called on each replica with
                its share of a batch, two lists with an entry per session.

        Returns:
            `tf.function` `(block, start, stop)` -> losses `(stop - start,)`, summed
            over replicas.
        """

        def replica_step(block, i):
            inputs, responses = zip(*self._batch(block, i), strict=True)
            return step(list(inputs), list(responses))

        @tf.function
        def train_steps(block, start, stop):
            losses = tf.TensorArray(tf.float32, size=stop - start)
            for i in tf.range(start, stop):
                loss = self.strategy.run(replica_step, args=(block, i))
                total = self.strategy.reduce(
                    tf.distribute.ReduceOp.SUM, loss, axis=None
                )
                losses = losses.write(i - start, total)
            return losses.stack()

        return train_steps


class InMemoryPipeline(_Pipeline):
    """Pipeline that holds all inputs and responses on every device.

    Each replica gathers its share of a batch by indices. A call takes as many steps as
    fill half a second, so that its caller can look at the clock and at signals.

    Args:
        train: List of (inputs, responses `(n, neurons)`), one per session; inputs are
            images `(n, h, w, 1)` or a dict of arrays.
        strategy: `tf.distribute` strategy.
        batch_size: Integer, number of images of each session per batch, over all
            replicas.
    """

    def __init__(self, train, strategy, batch_size):
        super().__init__(train, strategy, batch_size)
        self.steps_per_call = _STEPS

        def variable(array):
            return tf.Variable(
                np.asarray(array), trainable=False, dtype=_stored_dtype(array)
            )

        with strategy.scope():
            self.data = [tf.nest.map_structure(variable, pair) for pair in train]

    def run(self, train_steps, order, first=0):
        """Run the steps of an epoch from step `first` on.

        Args:
            train_steps: What `compile` returned.
            order: Integer array `(steps, batch_size, sessions)`, indices of the images
                of each batch.
            first: Integer, index of the first step to run.

        Yields:
            Float array of the losses of one call's steps.
        """
        # Always the whole epoch: a block of another shape would be compiled again.
        block = tf.constant(order, tf.int32)
        started, step = time.perf_counter(), first
        while step < len(order):
            stop = min(step + self.steps_per_call, len(order))
            yield train_steps(block, tf.constant(step), tf.constant(stop)).numpy()
            step = stop
            seconds = (time.perf_counter() - started) / (step - first)
            # Several machines must pause after the same step, whatever their speed.
            if not is_multiworker(self.strategy):
                self.steps_per_call = max(1, int(_PAUSE / seconds))

    def _batch(self, block, i):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        start = replica * self.share
        indices = tf.ensure_shape(
            block[i, start : start + self.share], (self.share, len(self.data))
        )
        batch = []
        for pair, rows in zip(self.data, tf.unstack(indices, axis=1), strict=True):
            batch.append(_gather(pair, rows))
        return batch


class StreamingPipeline(_Pipeline):
    """Pipeline that reads inputs and responses from memory or disk during the steps.

    Each machine reads the share of its own replicas, two blocks ahead.

    Args:
        train: As for `InMemoryPipeline`; the arrays may be `v1keras.data.LazyRows`.
        strategy: `tf.distribute` strategy.
        batch_size: Integer, as for `InMemoryPipeline`.
    """

    def __init__(self, train, strategy, batch_size):
        super().__init__(train, strategy, batch_size)
        self.arrays, self.sessions = [], []
        for session, pair in enumerate(train):
            for array in tf.nest.flatten(pair):
                self.arrays.append(array)
                self.sessions.append(session)
        replicas = _local_replicas(strategy)
        self.first_replica = min(replicas)
        self.images_here = self.share * len(replicas)
        step_bytes = sum(array[:1].nbytes for array in self.arrays) * self.images_here
        self.steps_per_call = int(np.clip(_BLOCK_BYTES // step_bytes, 1, _STEPS))

    def run(self, train_steps, order, first=0):
        """Run the steps of an epoch, as `InMemoryPipeline.run` does."""
        start = self.first_replica * self.share
        order = order[first:, start : start + self.images_here]
        for step, arrays in self._read_ahead(order):
            block = [self._distribute(array) for array in arrays]
            count = min(self.steps_per_call, len(order) - step)
            yield train_steps(block, tf.constant(0), tf.constant(count)).numpy()

    def _read_ahead(self, order):
        """Yield the first step of each block and its arrays, read two blocks ahead."""
        dtypes = [tf.as_dtype(array.dtype) for array in self.arrays]

        def read(step):
            return tf.numpy_function(
                lambda step: self._read(order, step), [step], dtypes
            )

        steps = range(0, len(order), self.steps_per_call)
        blocks = tf.data.Dataset.range(0, len(order), self.steps_per_call)
        return zip(steps, blocks.map(read).prefetch(2), strict=True)

    def _read(self, order, step):
        """Read the arrays `(steps, images here, ...)` of the block from a step on.

        The last block is filled up with its last batch: all must be of one shape.
        """
        block = order[step : step + self.steps_per_call]
        missing = self.steps_per_call - len(block)
        block = np.concatenate([block, np.repeat(block[-1:], missing, axis=0)])
        blocks = []
        for array, session in zip(self.arrays, self.sessions, strict=True):
            rows = block[..., session]
            blocks.append(array[rows.ravel()].reshape(*rows.shape, *array.shape[1:]))
        return blocks

    def _distribute(self, array):
        """Place each replica's share of an array on its own device."""

        def share(context):
            replica = context.replica_id_in_sync_group - self.first_replica
            return array[:, replica * self.share : (replica + 1) * self.share]

        return self.strategy.experimental_distribute_values_from_function(share)

    def _batch(self, block, i):
        return tf.nest.pack_sequence_as(self.train, [array[i] for array in block])


def make_pipeline(train, strategy, batch_size, max_device_data_gb):
    """Make the pipeline that suits the size of the training data.

    Args:
        train: As for `InMemoryPipeline`.
        strategy: `tf.distribute` strategy.
        batch_size: Integer, as for `InMemoryPipeline`.
        max_device_data_gb: Float, size in GB up to which the data live on every device.
    """
    size = sum(
        array.size * _stored_dtype(array).size for array in tf.nest.flatten(train)
    )
    fits = size <= max_device_data_gb * 1e9
    pipeline = InMemoryPipeline if fits else StreamingPipeline
    return pipeline(train, strategy, batch_size)


def draw_order(counts, steps, schedule, epoch):
    """Draw which images make each batch of an epoch.

    Args:
        counts: List of integers, number of training images of each session.
        steps: Integer, number of steps per epoch.
        schedule: `Schedule`, whose seed, batch size and `steps` count.
        epoch: Integer, index of the epoch.

    Returns:
        Integer array `(steps, batch_size, sessions)` of indices.
    """
    rng = np.random.default_rng((schedule.seed, epoch))
    size = schedule.batch_size

    def draw(count):
        if schedule.steps:
            return np.stack([rng.permutation(count)[:size] for _ in range(steps)])
        passes = -(-steps * size // count)
        shuffled = np.concatenate([rng.permutation(count) for _ in range(passes)])
        return shuffled[: steps * size].reshape(steps, size)

    return np.stack([draw(count) for count in counts], axis=-1)


def stack_sessions(inputs, stack):
    """Stack the inputs of several sessions along a second axis.

    Args:
        inputs: List with the inputs of each session; of one session they are returned
            as they are.
        stack: Callable, `tf.stack` or `np.stack`.
    """
    if len(inputs) == 1:
        return inputs[0]
    return tf.nest.map_structure(lambda *arrays: stack(arrays, axis=1), *inputs)


def _gather(pair, rows):
    return tf.nest.map_structure(lambda array: tf.gather(array, rows), pair)


def _local_replicas(strategy):
    """Return the indices of the replicas on this machine."""
    indices = []

    def note(context):
        indices.append(context.replica_id_in_sync_group)
        return tf.zeros(())

    strategy.experimental_distribute_values_from_function(note)
    return indices


def _stored_dtype(array):
    # Half precision holds the values of uint8 exactly, in half the memory of float32;
    # uint8 itself can't be sent between machines.
    return tf.float16 if array.dtype == np.uint8 else tf.float32
