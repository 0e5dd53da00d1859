"""Figures of images, stimuli and filters."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from v1keras.report.figures.style import COLUMN, PAGE, new_figure, styled


def tile(pictures: Any, gap: int = 1) -> np.ndarray:
    """Arrange pictures in a near-square grid.

    Each is scaled to its own largest absolute value; zero is grey.

    Args:
        pictures: `(n, height, width)`.
        gap: Integer, pixels between two pictures.

    Returns:
        `(rows, columns)` from 0 to 1.

    Example:

    >>> tile(np.ones((5, 4, 4))).shape
    (9, 14)
    """
    pictures = np.asarray(pictures, float)
    scale = np.abs(pictures).max(axis=(1, 2), keepdims=True)
    pictures = 0.5 + 0.5 * pictures / np.where(scale > 0, scale, 1)
    count, height, width = pictures.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), 0.5)
    for i, picture in enumerate(pictures):
        row, column = i // columns * (height + gap), i % columns * (width + gap)
        sheet[row : row + height, column : column + width] = picture
    return sheet


@styled
def gallery(
    pictures: Sequence[np.ndarray] | np.ndarray,
    captions: Sequence[str],
    columns: int = 8,
) -> Figure:
    """Draw captioned grey pictures, each scaled symmetrically around zero.

    Args:
        pictures: Sequence of `(height, width)` arrays, zero at grey.
        captions: Sequence of strings, one per picture.
        columns: Integer, pictures per row.

    Returns:
        A Matplotlib figure, two columns of a journal wide.

    Example:

    >>> figure = gallery(np.ones((3, 4, 4)), ["neuron 0", "neuron 4", "neuron 7"])
    >>> figure.axes[1].get_title()
    'neuron 4'
    """
    figure, axes = _grid(len(pictures), columns)
    for axis, picture, caption in zip(axes, pictures, captions, strict=False):
        show_around_grey(axis, picture)
        axis.set_title(caption, fontsize=6)
    return figure


@styled
def sample_images(
    images: np.ndarray, numbers: Sequence[int] | np.ndarray, columns: int = 8
) -> Figure:
    """Draw images in grey, all on one scale.

    Args:
        images: `(n, height, width)`.
        numbers: `(n,)` numbers of the images, for the captions.
        columns: Integer, images per row.

    Returns:
        A Matplotlib figure, two columns of a journal wide.

    Example:

    >>> sample_images(np.zeros((2, 4, 4)), [3, 9]).axes[0].get_title()
    'image 3'
    """
    figure, axes = _grid(len(images), columns)
    for axis, image, number in zip(axes, images, numbers, strict=False):
        axis.imshow(image, vmin=images.min(), vmax=images.max())
        axis.set_title(f"image {number}", fontsize=6)
    return figure


@styled
def filters(kernels: np.ndarray) -> Figure:
    """Draw the kernels of a first layer, each scaled to its own largest value.

    Args:
        kernels: `(n, height, width)`; zero is grey.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> len(filters(np.ones((5, 4, 4))).axes)
    1
    """
    sheet = tile(kernels)
    height = COLUMN * sheet.shape[0] / sheet.shape[1]
    figure, ((axis,),) = new_figure(height=height)
    axis.imshow(sheet, vmin=0, vmax=1)
    axis.axis("off")
    return figure


def show_around_grey(axis, picture):
    """Show a picture around zero, which is grey."""
    size = np.abs(picture).max() or 1
    axis.imshow(picture, vmin=-size, vmax=size)


def _grid(count, columns):
    """Return a figure for captioned pictures, and its axes, without frames."""
    rows = -(-count // columns)
    side = PAGE / columns
    figure, axes = new_figure(PAGE, (side + 0.12) * rows, rows, columns)
    for axis in axes.flat:
        axis.axis("off")
    return figure, axes.flat
