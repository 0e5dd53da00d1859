"""Single presentations, averaged and stacked per image."""

import warnings

import numpy as np


def mean_response(trials, axis):
    """Return the mean over presentations; NaN where all of them are missing.

    Args:
        trials: Array of responses, NaN = missing.
        axis: Integer, axis of the presentations.

    Example:

    >>> mean_response(np.array([[1.0, np.nan], [3.0, np.nan]]), axis=0).tolist()
    [2.0, nan]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(trials, axis=axis)


def stack_repeats(trials, presentations):
    """Stack the presentations of the same image.

    Args:
        trials: Array `(presentations, ...)`.
        presentations: Sequence of integer arrays, per image the indices of its
            presentations.

    Returns:
        Float32 array `(images, most presentations, ...)`, NaN where an image was
        presented less often.

    Example:

    >>> stack_repeats(np.array([1.0, 2.0, 3.0]), [[0, 2], [1]]).tolist()
    [[1.0, 3.0], [2.0, nan]]
    """
    most = max(len(indices) for indices in presentations)
    shape = (len(presentations), most, *trials.shape[1:])
    repeats = np.full(shape, np.nan, np.float32)
    for image, indices in enumerate(presentations):
        repeats[image, : len(indices)] = trials[indices]
    return repeats
