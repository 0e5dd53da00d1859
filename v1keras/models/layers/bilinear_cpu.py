"""What neurons read at places of their own, one image after another; on processors,
with TensorFlow.

Several images at once, or one operation for all of them, would write and read again all
that is read, `(batch, neurons, channels)`, at every step; of one image it stays in the
processor's cache.
"""

import tensorflow as tf

# Of the images: two processors are busy, and no more is held in memory than two images'
# readings.
_AT_ONCE = 2
# So many neurons' readings of an image stay in the cache; more are read one block after
# another.
_BLOCK = 16_384


@tf.function(autograph=False)
@tf.custom_gradient
def drive_at(features, rows, columns, weights):
    """The weighted sum of the channels at a place between pixels: sum_c weights[n, c] *
    features[b, rows[b, n], columns[b, n], c].

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
    >>> drive_at(
    ...     features,
    ...     tf.constant([[0.0, 0.5]]),
    ...     tf.constant([[1.0, 0.5]]),
    ...     tf.ones((2, 1)),
    ... ).numpy().tolist()
    [[1.0, 1.5]]
    """
    neurons, images = weights.shape[0], tf.shape(features)[0]
    if neurons <= _BLOCK:
        drive = _forward(features, rows, columns, weights)
        return drive, lambda upstream: _backward(
            features, rows, columns, weights, drive, upstream
        )
    blocks = -(-neurons // _BLOCK)
    of_block = lambda i, *arrays: [
        array[:, i * _BLOCK : (i + 1) * _BLOCK] for array in arrays
    ]
    weights_of = lambda i: weights[i * _BLOCK : (i + 1) * _BLOCK]
    pieces = lambda width: tf.TensorArray(
        tf.float32, blocks, element_shape=(None, width), infer_shape=False
    )

    def forward(
        i, drives
    ):  # pieces are joined along their first axis, which is neurons
        return i + 1, drives.write(
            i,
            tf.transpose(
                _forward(features, *of_block(i, rows, columns), weights_of(i))
            ),
        )

    drive = tf.reshape(
        tf.transpose(_over(blocks, forward, (pieces(None),), 1)[1].concat()),
        (images, neurons),
    )

    def gradient(upstream):
        def backward(i, by_features, *found):
            some, *parts = _backward(
                features,
                *of_block(i, rows, columns),
                weights_of(i),
                *of_block(i, drive, upstream),
            )
            parts = [tf.transpose(parts[0]), tf.transpose(parts[1]), parts[2]]
            return (
                i + 1,
                by_features + some,
                *(
                    array.write(i, part)
                    for array, part in zip(found, parts, strict=True)
                ),
            )

        start = (
            tf.zeros_like(features),
            pieces(None),
            pieces(None),
            pieces(weights.shape[1]),
        )
        _, by_features, *found = _over(blocks, backward, start, 1)
        by_rows, by_columns, by_weights = (array.concat() for array in found)
        return by_features, tf.transpose(by_rows), tf.transpose(by_columns), by_weights

    return drive, gradient


def _forward(features, rows, columns, weights):
    """`(batch, neurons)`, what neurons read, one image after another."""

    def body(i, drives):
        return i + 1, drives.write(
            i,
            tf.reduce_sum(
                _read(features[i : i + 1], rows[i], columns[i]) * weights, axis=1
            ),
        )

    images = tf.shape(features)[0]
    return _over(images, body, (tf.TensorArray(tf.float32, images),))[1].stack()


def _backward(features, rows, columns, weights, drive, upstream):
    """The gradient by features, rows, columns and weights, of what was read and that by
    it, `(batch, neurons)`.
    """
    height, width = features.shape[1:3]
    images = tf.shape(features)[0]

    def along(image, found, rows, columns, size, is_row):
        if size == 1:
            return tf.zeros_like(rows)
        at = rows if is_row else columns
        end = _farther(at, size)
        read = _read(image, end, columns) if is_row else _read(image, rows, end)
        return (tf.reduce_sum(read * weights, axis=1) - found) / (end - at)

    def body(i, by_features, by_rows, by_columns, by_weights):
        image, up, here = features[i : i + 1], upstream[i], (rows[i], columns[i])
        by_features = by_features.write(i, _spread(up, *here, weights, height, width))
        by_rows = by_rows.write(i, up * along(image, drive[i], *here, height, True))
        by_columns = by_columns.write(
            i, up * along(image, drive[i], *here, width, False)
        )
        return (
            i + 1,
            by_features,
            by_rows,
            by_columns,
            by_weights + up[:, None] * _read(image, *here),
        )

    arrays = (tf.TensorArray(tf.float32, images) for _ in range(3))
    _, *arrays, by_weights = _over(images, body, (*arrays, tf.zeros_like(weights)))
    by_features, by_rows, by_columns = (array.stack() for array in arrays)
    return tf.reshape(by_features, tf.shape(features)), by_rows, by_columns, by_weights


def _read(image, rows, columns):
    """`(neurons, channels)`, what is at each neuron's place in one image."""
    boxes = _beside([rows, columns, rows, columns])
    return tf.raw_ops.CropAndResize(
        image=image,
        boxes=boxes,
        box_ind=tf.zeros_like(rows, tf.int32),
        crop_size=[1, 1],
    )[:, 0, 0]


def _farther(at, size):
    """The farther of the pixels on both sides of a place: up to there the drive is
    linear.
    """
    before = tf.clip_by_value(tf.floor(at * (size - 1)), 0, size - 2)
    return tf.where(at * (size - 1) - before > 0.5, before, before + 1) / (size - 1)


def _spread(upstream, rows, columns, weights, height, width):
    """`(h * w, channels)`: to each pixel the weights of those who read it. A sparse
    matrix, pixels by neurons, times the weights.
    """
    row, column = rows * (height - 1), columns * (width - 1)
    top, left = (
        tf.clip_by_value(tf.floor(at), 0, max(size - 2, 0))
        for at, size in ((row, height), (column, width))
    )
    down, right = row - top, column - left
    pairs = [
        (i, j) for i in range(min(height, 2)) for j in range(min(width, 2))
    ]  # their pixels' numbers rise
    shares = _beside(
        [
            (down if i else 1 - down) * (right if j else 1 - right) * upstream
            for i, j in pairs
        ]
    )
    pixels = _beside(
        [tf.cast(top * width + left, tf.int64) + (i * width + j) for i, j in pairs]
    )
    neurons = tf.size(rows, tf.int64)
    by_neuron = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=_beside(
            [tf.repeat(tf.range(neurons), len(pairs)), tf.reshape(pixels, (-1,))]
        ),
        values=tf.reshape(shares, (-1,)),
        dense_shape=tf.stack([neurons, height * width]),
    )
    by_pixel = tf.raw_ops.SparseMatrixTranspose(input=by_neuron, type=tf.float32)
    return tf.ensure_shape(
        tf.raw_ops.SparseMatrixMatMul(a=by_pixel, b=weights),
        (height * width, weights.shape[1]),
    )


def _over(count, body, start, at_once=_AT_ONCE):
    return tf.while_loop(
        lambda i, *_: i < count, body, (0, *start), parallel_iterations=at_once
    )


def _beside(vectors):
    """`(n, count)`: a stack of rows, turned, is made faster than one of columns."""
    return tf.transpose(tf.stack(vectors))
