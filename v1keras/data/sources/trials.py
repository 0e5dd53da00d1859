"""From single presentations to an image's mean and its repeats."""

import warnings

import numpy as np


def mean_response(trials, axis):
    """The mean over presentations, missing ones left out; NaN where all are missing.

    Example:

    >>> mean_response(np.array([[1.0, np.nan], [3.0, np.nan]]), axis=0).tolist()
    [2.0, nan]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(trials, axis=axis)


def stack_repeats(trials, places):
    """Presentations of the same image side by side.

    Args:
        trials: `(presentations, ...)`.
        places: a list of indices for each image: its presentations.

    Returns:
        `(images, most presentations, ...)` float32, NaN where an image was shown less
        often.

    Example:

    >>> stack_repeats(np.array([1.0, 2.0, 3.0]), [[0, 2], [1]]).tolist()
    [[1.0, 3.0], [2.0, nan]]
    """
    most = max(len(shown) for shown in places)
    found = np.full((len(places), most, *trials.shape[1:]), np.nan, np.float32)
    for image, shown in enumerate(places):
        found[image, : len(shown)] = trials[shown]
    return found
