"""Some rows of an array that may be larger than the memory."""

from collections.abc import Sequence

import numpy as np

from v1keras.io.atomic import row_blocks


class Rows:
    """Rows of an array, read when they are asked for.

    Args:
        array: `(n, ...)`, in memory or on the disk (`numpy.memmap`).
        indices: `(m,)` which rows, in which order.

    Example:

    >>> rows = Rows(np.arange(6).reshape(3, 2), [2, 0])
    >>> rows[:1].tolist(), len(rows), rows.shape
    ([[4, 5]], 2, (2, 2))
    """

    def __init__(self, array: np.ndarray, indices: Sequence[int] | np.ndarray) -> None:
        self.array, self.indices = array, np.asarray(indices)
        self.dtype, self.shape = array.dtype, (len(self.indices), *array.shape[1:])
        self.size = int(np.prod(self.shape, dtype=float))
        self.nbytes = self.size * self.dtype.itemsize

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, chosen):
        return self.array[self.indices[chosen]]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array[self.indices], dtype)


def finite_sums(rows):
    """`(columns,)` sums of what is no NaN, and of how many values.

    Args:
        rows: `(n, columns)`, an array or `Rows`.

    Example:

    >>> [sums.tolist() for sums in finite_sums(np.array([[1.0, np.nan], [2.0, 3.0]]))]
    [[3.0, 3.0], [2, 1]]
    """
    totals, counts = np.zeros(rows.shape[1]), np.zeros(rows.shape[1], int)
    for _, block in row_blocks(rows):
        totals += np.nansum(block, axis=0, dtype="float64")
        counts += np.isfinite(block).sum(axis=0)
    return totals, counts
