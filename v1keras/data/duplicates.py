"""Images presented twice, turned or not, and neurons recorded twice."""

import itertools

import numpy as np
import scipy  # which imports its parts when they are first used

from v1keras.data.same_images import first_alike
from v1keras.io.large_arrays import row_blocks

_SIDE = 33  # pixels a side that images are compared at
# Structure between these two scales is compared: standard deviations of Gaussians, in
# pixels of the reduced image.
_FINE, _COARSE = 0.7, 2.0
# Chosen on the recordings of Kindel et al. 2019, whose rotated copies are known: it
# finds 344 of the 360 pairs there and no other.
_SAME_IMAGE = 0.85
_SAME_NEURON = 0.98
_SMALLEST_SIDE = 8  # pixels a side that structure can be seen in
_MOST_PAIRS = 10_000_000  # pairs of images that are compared at most
_MOST_IMAGES = 1000  # images whose responses are compared at most
_SUMMARY = 64  # numbers per image by which most pairs are told apart
_PAIRS = 10_000  # pairs that are compared at once
_BLOCK = 1 << 22  # pixels of images that are reduced at once
_LEAST_RESPONSES = 10  # a neuron with no more responses is compared with no other


def find_duplicate_images(images, compared=None):
    """Find pairs of images that are equal up to a turn by a multiple of 45 degrees.

    Structure within a disc around the centre is compared, at every multiple of 45
    degrees and moved by up to one pixel of 33 a side: a correlation above 0.85 makes
    two images duplicates. Images with the same pixels are found however many there are.

    Args:
        images: Array `(n, height, width)`.
        compared: Integer array of indices of images, each of which is compared with all
            images; None for all. Only the first of them that 10 million pairs allow are
            compared.

    Returns:
        Tuple of integer arrays `(pairs, 2)`, indices of the images, and `(pairs,)`,
        degrees from 0 to 315 that turn the first counterclockwise to the second, and
        the number of `compared` images that were compared.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> image, other = rng.integers(0, 256, (2, 40, 40))
    >>> pairs, degrees, _ = find_duplicate_images(
    ...     np.stack([image, other, np.rot90(image)])
    ... )
    >>> pairs.tolist(), degrees.tolist()
    ([[0, 2]], [90])
    """
    compared = np.arange(len(images)) if compared is None else np.asarray(compared)
    if min(images.shape[1:]) < _SMALLEST_SIDE:
        return np.zeros((0, 2), int), np.zeros(0, int), 0
    same = first_alike(images)
    copies = np.flatnonzero(same != np.arange(len(images)))
    copies = copies[np.isin(copies, compared) | np.isin(same[copies], compared)]
    copies = np.array([i for i in copies if np.ptp(images[i])], int)  # not plain ones
    compared = compared[: max(1, _MOST_PAIRS // len(images))]
    first, second, likeness, degrees = _alike(_structure(images), compared)
    # The first image was sampled at places that are turned the other way.
    degrees = np.where(first < second, -degrees, degrees) % 360
    first, second = np.append(first, same[copies]), np.append(second, copies)
    degrees = np.append(degrees, np.zeros(len(copies), int))
    order = np.argsort(-np.append(likeness, np.full(len(copies), np.inf)))
    sorted_pairs = np.sort([first, second], axis=0).T[order]
    # Of each pair the best is first.
    pairs, position = np.unique(sorted_pairs, axis=0, return_index=True)
    different = pairs[:, 0] != pairs[:, 1]
    return pairs[different], degrees[order][position][different], len(compared)


def _structure(images):
    """Return `(n, side, side)`: the central squares, reduced and band-passed."""
    side = min(images.shape[1:])
    step = max(1, round(side / _SIDE))
    side -= side % step
    top, left = ((length - side) // 2 for length in images.shape[1:])
    reduced = side // step
    identity = np.eye(reduced, dtype=np.float32)
    fine, coarse = (
        scipy.ndimage.gaussian_filter1d(identity, width, axis=0)
        for width in (_FINE, _COARSE)
    )
    structure = np.empty((len(images), reduced, reduced), np.float32)
    for block, rows in row_blocks(images, max(1, _BLOCK // side**2)):
        squares = rows[:, top : top + side, left : left + side].astype(np.float32)
        squares = squares.reshape(-1, reduced, step, reduced, step).mean(axis=(2, 4))
        structure[block] = fine @ squares @ fine.T - coarse @ squares @ coarse.T
    return structure


def _alike(structure, compared):
    """Return the pairs whose structure correlates, at each angle that it does at.

    Returns:
        Tuple of arrays `(pairs,)`: the image among those compared, the other, their
        correlation and the angle.
    """
    height = structure.shape[1]
    offsets = np.mgrid[:height, :height] - (height - 1) / 2
    inside = np.hypot(*offsets) <= 0.3 * height
    disc = offsets[:, inside].T
    flat = structure.reshape(len(structure), -1)
    upright = _unit(flat @ _sampling(disc, height, 0, (0, 0)))
    _, vectors = np.linalg.eigh(upright.T @ upright)
    basis = vectors[:, -_SUMMARY:]
    summaries = _summary(upright, basis)
    found = [[], [], [], []]
    shifts = (-1, 0, 1)
    for angle, *shift in itertools.product(range(0, 360, 45), shifts, shifts):
        turned = _unit(flat[compared] @ _sampling(disc, height, angle, shift))
        highest = _summary(turned, basis) @ summaries.T
        row, other = np.nonzero(highest > _SAME_IMAGE - 1e-4)
        likeness = _products(turned, upright, row, other)
        alike = likeness > _SAME_IMAGE
        row, other, likeness = row[alike], other[alike], likeness[alike]
        values = compared[row], other, likeness, np.full(len(row), angle)
        for column, part in zip(found, values, strict=True):
            column.append(part)
    return [np.concatenate(column) for column in found]


def _summary(rows, basis):
    """Return fewer numbers per row, whose products are at least those of the rows.

    The rows have unit norm. What is outside of the basis adds at most the product of
    its norms there (Cauchy-Schwarz).
    """
    inside = rows @ basis
    outside = np.sqrt(np.maximum(1 - np.square(inside).sum(axis=1), 0))
    return np.column_stack([inside, outside])


def _products(rows, others, first, second):
    """Return the products of pairs of rows."""
    products = np.empty(len(first), np.float32)
    for start in range(0, len(first), _PAIRS):
        pairs = slice(start, start + _PAIRS)
        products[pairs] = np.einsum(
            "ij,ij->i", rows[first[pairs]], others[second[pairs]]
        )
    return products


def _sampling(places, height, angle, shift):
    """Return the `(height * height, places)` matrix that samples turned images.

    Sparse; the places are turned by the angle around the centre and then moved, and
    values between pixels are interpolated linearly.
    """
    radians = np.deg2rad(angle)
    cosine, sine = np.cos(radians), np.sin(radians)
    rotation = np.array([[cosine, sine], [-sine, cosine]])
    positions = places @ rotation + shift + (height - 1) / 2
    low = np.clip(np.floor(positions).astype(int), 0, height - 2)
    part = positions - low
    matrix = 0
    for row, column in itertools.product((0, 1), (0, 1)):
        weight = np.abs(1 - row - part[:, 0]) * np.abs(1 - column - part[:, 1])
        pixel = (low[:, 0] + row) * height + low[:, 1] + column
        entries = (weight.astype(np.float32), (pixel, np.arange(len(places))))
        matrix = matrix + scipy.sparse.csc_array(entries, (height**2, len(places)))
    return matrix


def _unit(values):
    """Return rows of zero mean and unit norm; zeros where a row doesn't vary."""
    values = values - values.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(norm > 1e-3 * np.sqrt(values.shape[1]), norm, np.inf)


def find_duplicate_neurons(responses):
    """Find pairs of neurons that respond as one neuron recorded twice does.

    Their responses correlate above 0.98.

    Args:
        responses: Array `(n, neurons)`, NaN = missing. Only the first 1,000 images are
            compared.

    Returns:
        Integer array `(pairs, 2)`, indices of the neurons.

    Example:

    >>> responses = np.random.default_rng(0).poisson(2.0, (100, 3)).astype(float)
    >>> find_duplicate_neurons(np.column_stack([responses, responses[:, 1]])).tolist()
    [[1, 3]]
    """
    responses = responses[:_MOST_IMAGES]
    counts = np.isfinite(responses).sum(axis=0)
    chosen = np.flatnonzero(counts > _LEAST_RESPONSES)
    if not chosen.size:
        return np.zeros((0, 2), int)
    values = responses[:, chosen].astype(float)
    centred = values - np.nanmean(values, axis=0)
    values = np.where(np.isfinite(values), centred, 0.0)
    norm = np.sqrt((values**2).sum(axis=0))
    values = values / np.where(norm > 0, norm, np.inf)
    pairs = []
    for start in range(0, chosen.size, 1000):  # neurons, so that memory suffices
        likeness = values[:, start : start + 1000].T @ values
        first, second = np.nonzero(likeness > _SAME_NEURON)
        first += start
        pairs.append(np.stack([first, second], axis=1)[first < second])
    return chosen[np.concatenate(pairs)]
