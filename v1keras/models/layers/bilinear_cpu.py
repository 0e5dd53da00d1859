"""Bilinear reading of features, one image after another, for TensorFlow on CPUs.

Several images at once, or one operation for all of them, would write and read again all
values at the places, `(batch, neurons, channels)`, at every step; those of one image
stay in the processor's cache.
"""

import tensorflow as tf

# Two images are computed at once: that keeps two processors busy, and no more than two
# images' values are in memory.
_PARALLEL_IMAGES = 2
# The values of so many neurons in an image stay in the cache; larger populations are
# read block by block.
_BLOCK = 16_384


@tf.function(autograph=False)
@tf.custom_gradient
def bilinear_drive(features, rows, columns, weights):
    """Compute the weighted sum of the channels at a place between pixels.

    That is sum_c weights[n, c] * features[b, rows[b, n], columns[b, n], c]. Time and
    memory are linear in neurons. The gradient is the same from run to run.

    Args:
        features: `(batch, h, w, channels)`, float32.
        rows: `(batch, neurons)`, from 0, the first row, to 1, the last.
        columns: `(batch, neurons)`, likewise.
        weights: `(neurons, channels)`.

    Returns:
        `(batch, neurons)`; its gradient goes to all four arguments.

    Example:

    >>> features = tf.reshape(tf.range(4.0), (1, 2, 2, 1))
    >>> rows, columns = tf.constant([[0.0, 0.5]]), tf.constant([[1.0, 0.5]])
    >>> bilinear_drive(features, rows, columns, tf.ones((2, 1))).numpy().tolist()
    [[1.0, 1.5]]
    """
    if weights.shape[0] <= _BLOCK:
        drive = _forward(features, rows, columns, weights)

        def gradient(upstream):
            return _backward(features, rows, columns, weights, drive, upstream)

    else:
        drive = _forward_in_blocks(features, rows, columns, weights)

        def gradient(upstream):
            return _backward_in_blocks(
                features, rows, columns, weights, drive, upstream
            )

    return drive, gradient


def _forward_in_blocks(features, rows, columns, weights):
    def add_block(i, drives):
        block_rows, block_columns = _blocks_of(i, rows, columns)
        drive = _forward(features, block_rows, block_columns, _block(i, weights))
        # Blocks are joined along their first axis, which is neurons.
        return i + 1, drives.write(i, tf.transpose(drive))

    start = (_block_array(weights, None),)
    _, drives = _loop(_block_count(weights), add_block, start, parallel=1)
    shape = (tf.shape(features)[0], weights.shape[0])
    return tf.reshape(tf.transpose(drives.concat()), shape)


def _backward_in_blocks(features, rows, columns, weights, drive, upstream):
    def add_block(i, by_features, *arrays):
        block_rows, block_columns = _blocks_of(i, rows, columns)
        block_features, by_rows, by_columns, by_weights = _backward(
            features,
            block_rows,
            block_columns,
            _block(i, weights),
            *_blocks_of(i, drive, upstream),
        )
        parts = (tf.transpose(by_rows), tf.transpose(by_columns), by_weights)
        written = zip(arrays, parts, strict=True)
        arrays = [array.write(i, part) for array, part in written]
        return i + 1, by_features + block_features, *arrays

    start = (
        tf.zeros_like(features),
        _block_array(weights, None),
        _block_array(weights, None),
        _block_array(weights, weights.shape[1]),
    )
    _, by_features, *arrays = _loop(_block_count(weights), add_block, start, parallel=1)
    by_rows, by_columns, by_weights = (array.concat() for array in arrays)
    return by_features, tf.transpose(by_rows), tf.transpose(by_columns), by_weights


def _block_count(weights):
    return -(-weights.shape[0] // _BLOCK)


def _block_array(weights, width):
    return tf.TensorArray(
        tf.float32,
        _block_count(weights),
        element_shape=(None, width),
        infer_shape=False,
    )


def _block(i, weights):
    return weights[i * _BLOCK : (i + 1) * _BLOCK]


def _blocks_of(i, *arrays):
    """Return the columns of block `i` of arrays `(batch, neurons)`."""
    return [array[:, i * _BLOCK : (i + 1) * _BLOCK] for array in arrays]


def _forward(features, rows, columns, weights):
    """Compute the drive `(batch, neurons)`, one image after another."""

    def add_image(i, drives):
        values = _read(features[i : i + 1], rows[i], columns[i])
        return i + 1, drives.write(i, tf.reduce_sum(values * weights, axis=1))

    images = tf.shape(features)[0]
    start = (tf.TensorArray(tf.float32, images),)
    _, drives = _loop(images, add_image, start)
    return drives.stack()


def _backward(features, rows, columns, weights, drive, upstream):
    """Compute the gradients by features, rows, columns and weights.

    `drive` is the result `(batch, neurons)` of `_forward`, `upstream` the gradient by
    it.
    """
    height, width = features.shape[1:3]
    images = tf.shape(features)[0]

    def slope(image, end_rows, end_columns, distance, drive):
        """Return the slope of the drive from a place to the end of its linear piece."""
        values = _read(image, end_rows, end_columns)
        return (tf.reduce_sum(values * weights, axis=1) - drive) / distance

    def row_slope(i, image):
        if height == 1:
            return tf.zeros_like(rows[i])
        end = _farther(rows[i], height)
        return slope(image, end, columns[i], end - rows[i], drive[i])

    def column_slope(i, image):
        if width == 1:
            return tf.zeros_like(columns[i])
        end = _farther(columns[i], width)
        return slope(image, rows[i], end, end - columns[i], drive[i])

    def add_image(i, by_features, by_rows, by_columns, by_weights):
        image, up = features[i : i + 1], upstream[i]
        spread = _spread(up, rows[i], columns[i], weights, height, width)
        return (
            i + 1,
            by_features.write(i, spread),
            by_rows.write(i, up * row_slope(i, image)),
            by_columns.write(i, up * column_slope(i, image)),
            by_weights + up[:, None] * _read(image, rows[i], columns[i]),
        )

    arrays = (tf.TensorArray(tf.float32, images) for _ in range(3))
    start = (*arrays, tf.zeros_like(weights))
    _, *arrays, by_weights = _loop(images, add_image, start)
    by_features, by_rows, by_columns = (array.stack() for array in arrays)
    return tf.reshape(by_features, tf.shape(features)), by_rows, by_columns, by_weights


def _read(image, rows, columns):
    """Interpolate one image at the place of each neuron: `(neurons, channels)`."""
    boxes = _stack_columns([rows, columns, rows, columns])
    return tf.raw_ops.CropAndResize(
        image=image,
        boxes=boxes,
        box_ind=tf.zeros_like(rows, tf.int32),
        crop_size=[1, 1],
    )[:, 0, 0]


def _farther(position, size):
    """Return the farther of the pixels on both sides of a position.

    The drive is linear up to there.
    """
    pixel = position * (size - 1)
    first = tf.clip_by_value(tf.floor(pixel), 0, size - 2)
    return tf.where(pixel - first > 0.5, first, first + 1) / (size - 1)


def _spread(upstream, rows, columns, weights, height, width):
    """Sum for each pixel the weights of the neurons that read it.

    The result `(h * w, channels)` is a sparse matrix, pixels by neurons, times the
    weights.
    """
    top, row_weights = _axis_weights(rows, height)
    left, column_weights = _axis_weights(columns, width)
    first_pixel = tf.cast(top * width + left, tf.int64)
    # In this order the indices of a neuron's pixels increase.
    values, pixels = [], []
    for i, row_weight in enumerate(row_weights):
        for j, column_weight in enumerate(column_weights):
            values.append(row_weight * column_weight * upstream)
            pixels.append(first_pixel + (i * width + j))
    neurons = tf.size(rows, tf.int64)
    neuron_index = tf.repeat(tf.range(neurons), len(pixels))
    pixel_index = tf.reshape(_stack_columns(pixels), (-1,))
    by_neuron = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=_stack_columns([neuron_index, pixel_index]),
        values=tf.reshape(_stack_columns(values), (-1,)),
        dense_shape=tf.stack([neurons, height * width]),
    )
    by_pixel = tf.raw_ops.SparseMatrixTranspose(input=by_neuron, type=tf.float32)
    products = tf.raw_ops.SparseMatrixMatMul(a=by_pixel, b=weights)
    return tf.ensure_shape(products, (height * width, weights.shape[1]))


def _axis_weights(position, size):
    """Return the first pixel at a position and the weights of it and of the next."""
    pixel = position * (size - 1)
    first = tf.clip_by_value(tf.floor(pixel), 0, max(size - 2, 0))
    weights = [1 - (pixel - first), pixel - first]
    return first, weights[: min(size, 2)]


def _loop(count, body, start, parallel=_PARALLEL_IMAGES):
    return tf.while_loop(
        lambda i, *_: i < count, body, (0, *start), parallel_iterations=parallel
    )


def _stack_columns(vectors):
    """Stack vectors as columns `(n, count)`; transposed rows are made faster."""
    return tf.transpose(tf.stack(vectors))
