"""The order in which a set is presented."""

from typing import Any

import numpy as np


def draw_order(stimuli: int, repeats: int, seed: int = 0) -> np.ndarray:
    """Draw the order of presentations, block by block.

    Every block shows each stimulus once; none is shown twice in succession.

    Args:
        stimuli: Integer, number of stimuli.
        repeats: Integer, number of blocks.
        seed: Integer.

    Returns:
        `(repeats, stimuli)` indices of stimuli.

    Example:

    >>> order = draw_order(5, 3)
    >>> np.sort(order, axis=1).tolist() == [[0, 1, 2, 3, 4]] * 3
    True
    """
    rng = np.random.default_rng(seed)
    order = np.stack([rng.permutation(stimuli) for _ in range(repeats)])
    for before, block in zip(order, order[1:], strict=False):
        if stimuli > 1 and block[0] == before[-1]:
            block[[0, 1]] = block[[1, 0]]
    return order


def presentation_rows(
    order: np.ndarray, names: list[str], files: list[str], duration: float, gap: float
) -> list[list[Any]]:
    """Return the rows of the table of presentations, with a heading.

    Args:
        order: `(repeats, stimuli)` as `draw_order` returns it.
        names: List of strings, names of the stimuli.
        files: List of strings, their image files.
        duration: Float, seconds that an image is shown.
        gap: Float, seconds of background between two images.
    """
    rows: list[list[Any]] = [
        ["presentation", "block", "stimulus", "image_file", "onset_s", "duration_s"]
    ]
    for number, index in enumerate(order.ravel()):
        onset = round(number * (duration + gap), 6)
        block = number // order.shape[1]
        rows.append([number, block, names[index], files[index], onset, duration])
    return rows


def condition_rows(
    order: np.ndarray, names: list[str], files: list[str], duration: float, gap: float
) -> list[list[Any]]:
    """Return the rows of a conditions file of PsychoPy, one per presentation.

    A loop of the type `sequential` over it presents the set; `image_file` fills the
    screen.

    Args:
        order, names, files, duration, gap: As for `presentation_rows`.
    """
    rows: list[list[Any]] = [["image_file", "stimulus", "block", "duration_s", "gap_s"]]
    for number, index in enumerate(order.ravel()):
        block = number // order.shape[1]
        rows.append([files[index], names[index], block, duration, gap])
    return rows
