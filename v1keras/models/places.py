"""What neurons read at places of their own, one image after another; on processors, with TensorFlow.

Several images at once, or one operation for all of them, would write and read again all that is read, `(batch, neurons, channels)`, at every
step; of one image it stays in the processor's cache.
"""

import tensorflow as tf

# Of the images: two processors are busy, and no more is held in memory than two images' readings.
_AT_ONCE = 2


@tf.function(autograph=False)
@tf.custom_gradient
def drive_at(features, rows, columns, weights):
    """The weighted sum of the channels at a place between pixels: sum_c weights[n, c] * features[b, rows[b, n], columns[b, n], c].

    Time and memory are linear in neurons. Its gradient is the same from run to run.

    Args:
        features: `(batch, h, w, channels)`, float32.
        rows: `(batch, neurons)`, from 0, the first row, to 1, the last.
        columns: `(batch, neurons)`, likewise.
        weights: `(neurons, channels)`.

    Returns:
        `(batch, neurons)`; its gradient goes to all four arguments.

    Example:

    >>> features = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
    >>> drive_at(features, tf.constant([[0.0, 0.5]]), tf.constant([[1.0, 0.5]]), tf.ones((2, 1))).numpy().tolist()
    [[1.0, 1.5]]
    """
    height, width, channels = features.shape[1:]
    neurons = tf.shape(weights)[0]
    images = tf.shape(features)[0]

    readers = tf.repeat(tf.range(tf.cast(neurons, tf.int64)), 4 if min(height, width) > 1 else 2 if max(height, width) > 1 else 1)

    def read(image, rows, columns):  # (neurons, channels)
        boxes = _beside([rows, columns, rows, columns])
        return tf.raw_ops.CropAndResize(image=image, boxes=boxes, box_ind=tf.zeros((neurons,), tf.int32), crop_size=[1, 1])[:, 0, 0]

    def farther(at, size):
        """The farther of the pixels on both sides of a place: up to there the drive is linear."""
        before = tf.clip_by_value(tf.floor(at * (size - 1)), 0, size - 2)
        return tf.where(at * (size - 1) - before > 0.5, before, before + 1) / (size - 1)

    def along_rows(image, found, rows, columns):
        if height == 1:
            return tf.zeros_like(rows)
        end = farther(rows, height)
        return (tf.reduce_sum(read(image, end, columns) * weights, axis=1) - found) / (end - rows)

    def along_columns(image, found, rows, columns):
        if width == 1:
            return tf.zeros_like(columns)
        end = farther(columns, width)
        return (tf.reduce_sum(read(image, rows, end) * weights, axis=1) - found) / (end - columns)

    def forward(i, drives):
        return i + 1, drives.write(i, tf.reduce_sum(read(features[i : i + 1], rows[i], columns[i]) * weights, axis=1))

    def gradient(upstream):
        def backward(i, by_features, by_rows, by_columns, by_weights):
            image, up, here = features[i : i + 1], upstream[i], (rows[i], columns[i])
            by_features = by_features.write(i, spread(up, *here))
            by_rows = by_rows.write(i, up * along_rows(image, drive[i], *here))
            by_columns = by_columns.write(i, up * along_columns(image, drive[i], *here))
            return i + 1, by_features, by_rows, by_columns, by_weights + up[:, None] * read(image, *here)

        arrays = (tf.TensorArray(tf.float32, images) for _ in range(3))
        _, *arrays, by_weights = _over(images, backward, (*arrays, tf.zeros_like(weights)))
        by_features, by_rows, by_columns = (array.stack() for array in arrays)
        return tf.reshape(by_features, tf.shape(features)), by_rows, by_columns, by_weights

    def spread(upstream, rows, columns):
        """`(h * w, channels)`: to each pixel the weights of those who read it. A sparse matrix, pixels by neurons, times the weights."""
        row, column = rows * (height - 1), columns * (width - 1)
        top, left = (tf.clip_by_value(tf.floor(at), 0, max(size - 2, 0)) for at, size in ((row, height), (column, width)))
        down, right = row - top, column - left
        pairs = [(i, j) for i in range(min(height, 2)) for j in range(min(width, 2))]  # their pixels' numbers rise
        shares = _beside([(down if i else 1 - down) * (right if j else 1 - right) * upstream for i, j in pairs])
        pixels = _beside([tf.cast(top * width + left, tf.int64) + (i * width + j) for i, j in pairs])
        by_neuron = tf.raw_ops.SparseTensorToCSRSparseMatrix(
            indices=_beside([readers, tf.reshape(pixels, (-1,))]),
            values=tf.reshape(shares, (-1,)),
            dense_shape=tf.cast(tf.stack([neurons, height * width]), tf.int64),
        )
        by_pixel = tf.raw_ops.SparseMatrixTranspose(input=by_neuron, type=tf.float32)
        return tf.ensure_shape(tf.raw_ops.SparseMatrixMatMul(a=by_pixel, b=weights), (height * width, channels))

    drive = _over(images, forward, (tf.TensorArray(tf.float32, images),))[1].stack()
    return drive, gradient


def _over(images, body, start):
    return tf.while_loop(lambda i, *_: i < images, body, (0, *start), parallel_iterations=_AT_ONCE)


def _beside(vectors):
    """`(n, count)`: a stack of rows, turned, is made faster than one of columns."""
    return tf.transpose(tf.stack(vectors))
