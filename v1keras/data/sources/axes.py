"""Order of the axes of images, responses and repeats: by all that is known of them."""

import itertools
import math

import numpy as np

from v1keras.data.agreement import agree, means_of
from v1keras.data.sources.layout import IMAGES, REPEATS, RESPONSES, axes_flag

_DOCUMENTED = {"images": IMAGES, "responses": RESPONSES, "repeats": REPEATS}
_MOST_PIXELS = 1 << 20  # of the repeats that are compared with each other


def arrange(arrays, layout, counts, entries=None):
    """Bring arrays into the documented order of axes.

    An array whose axes are told, or can only be in the documented order, is taken. One
    that can only be in another order, or in several, is refused with the flags that
    tell: what was meant is never guessed.

    Args:
        arrays: Dict of `images` and of `responses`, `repeats` or both.
        layout: `Layout`.
        counts: Dict from "images" or "neurons" to a set of numbers that are known from
            elsewhere.
        entries: Integer, length of `repeat_images`; None for repeats of all images.

    Returns:
        Dict of `images` `(n, height, width)`, `responses` `(n, neurons)` and `repeats`
        `(n_r, trials, neurons)`.

    Raises:
        ValueError: Begins with the name of an array, and names the flags that fit.

    Example:

    >>> from v1keras.data.sources.layout import Layout
    >>> arrays = {"images": np.zeros((8, 9, 5)), "responses": np.zeros((5, 2))}
    >>> arrange(arrays, Layout(), {})
    Traceback (most recent call last):
      ...
    ValueError: images: ... (8, 9, 5), responses (5, 2): say --images_axes=hwn
    >>> arrange(arrays, Layout(images_axes="hwn"), {})["images"].shape
    (5, 8, 9)
    """
    arrays = {name: _plain(name, array) for name, array in arrays.items()}
    arrays["images"] = _unflattened(arrays, layout)
    one_image = 1 in (arrays["images"].shape[0], arrays["images"].shape[-1])
    if len(arrays.get("responses", ())) == 1 and not one_image:
        arrays["responses"] = arrays["responses"].T  # a row of one neuron in MATLAB
    fitting = []
    for combination in itertools.product(
        *(_orders(name, array, layout) for name, array in arrays.items())
    ):
        orders = dict(zip(arrays, combination, strict=True))
        if _fit(arrays, orders, counts, entries):
            fitting.append(orders)
    if "repeats" in arrays and len(fitting) > 1:
        fitting = _likely(arrays, fitting)
    documented = {name: _documented(name, array) for name, array in arrays.items()}
    told = {name: layout.axes_of(name) or axes for name, axes in documented.items()}
    if fitting and fitting != [told]:
        _ask(arrays, fitting, told)
    # Where none fits, the recording says what does not.
    return {name: _transposed(name, arrays[name], told[name]) for name in arrays}


def as_repeats(values, layout):
    """Return a covariate of single presentations as `(n_r, trials)` or with k values.

    Args:
        values: Array with the axes of the repeats, without neurons or with k values in
            their place.
        layout: `Layout`, for `repeats_axes`.
    """
    told = layout.axes_of("repeats") or REPEATS
    axes = [axis for axis in told if axis != "neurons" or values.ndim == 3]
    if len(axes) != values.ndim:
        return values
    return values.transpose([axes.index(axis) for axis in REPEATS if axis in axes])


def _plain(name, array):
    """Return an array without axes of length 1 that say nothing."""
    if name == "images" and array.ndim == 4 and array.shape.count(1) == 1:
        return array.squeeze(array.shape.index(1))
    if name == "images" and array.ndim == 4:
        raise ValueError(
            f"images: found {array.shape}, expected (n, height, width): one grey level"
            " per pixel; average the colours"
        )
    if name == "responses" and array.ndim == 1:
        return array[:, None]
    return array


def _unflattened(arrays, layout):
    """Return images, those that are flattened with their height and width."""
    images, axes = arrays["images"], layout.axes_of("images")
    size = layout.size("images_shape")
    if images.ndim != 2:
        if size is not None:
            raise ValueError(
                f"images: found {images.shape}, which are not flattened; leave out"
                " --images_shape"
            )
        return images
    if size is None or axes is None:
        raise ValueError(_flattened_question(arrays, axes))
    if axes[1] == "images":
        raise ValueError("images: flattened images have n first or last: nhw or hwn")
    sizes = {"images": -1, "height": size[0], "width": size[1]}
    pixels = images.shape[0 if axes[2] == "images" else 1]
    if pixels != math.prod(size):
        raise ValueError(
            f"images: found {pixels} pixels, expected {size[0]} x {size[1]} ="
            f" {math.prod(size)} (--images_shape)"
        )
    return images.reshape([sizes[axis] for axis in axes])


def _flattened_question(arrays, axes):
    """Return the question for the size and the order of flattened images."""
    shape = arrays["images"].shape
    lengths = []
    for name in ("responses", "repeats"):
        lengths += arrays[name].shape if name in arrays else ()
    last = shape[1] in lengths and shape[0] not in lengths
    if axes:
        last = axes[2] == "images"
    pixels = shape[0 if last else 1]
    heights = [height for height in range(1, pixels + 1) if pixels % height == 0]
    heights.sort(key=lambda height: abs(math.log(height * height / pixels)))
    likely = " or ".join(f"{height} x {pixels // height}" for height in heights[:3:2])
    height = heights[0]
    by_rows, by_columns = ("hwn", "whn") if last else ("nhw", "nwh")
    return (
        f"images: found {shape}; are they flattened? {pixels} pixels may be {likely}:"
        f" say --images_shape={height}x{pixels // height}, and"
        f" --images_axes={by_rows} (pixels row by row, as NumPy has them) or"
        f" --images_axes={by_columns} (column by column, as MATLAB has them)"
    )


def _documented(name, array):
    """Return the documented axes; repeats with two axes are of one neuron."""
    axes = _DOCUMENTED[name]
    return axes[:2] if name == "repeats" and array.ndim == 2 else axes


def _orders(name, array, layout):
    """Return the orders of axes that an array may have."""
    told, documented = layout.axes_of(name), _documented(name, array)
    if told:
        if len(told) != array.ndim:
            raise ValueError(
                f"{name}: found {array.shape}, {array.ndim} axes; expected"
                f" {len(told)} ({axes_flag(name, told)})"
            )
        return [told]
    if len(documented) != array.ndim:
        return [documented]
    if name == "images":  # which of height and width is first, no shape tells
        return [IMAGES, ("height", "width", "images")]
    return list(itertools.permutations(documented))


def _fit(arrays, orders, counts, entries):
    """Return True if no two arrays, nor what else is known, contradict each other."""
    known = {name: set(numbers) for name, numbers in counts.items()}
    for name, axes in orders.items():
        if len(axes) != arrays[name].ndim:
            continue
        sizes = dict(zip(axes, arrays[name].shape, strict=True))
        if name == "repeats":
            if sizes.pop("trials") < 2:
                return False
            sizes.setdefault("neurons", 1)
            if entries is not None and sizes.pop("images") != entries:
                return False
        for axis in ("images", "neurons"):
            if axis in sizes:
                known.setdefault(axis, set()).add(sizes[axis])
    return all(len(numbers) == 1 for numbers in known.values())


def _likely(arrays, fitting):
    """Return the orders whose repeats fit best: to the responses, or to each other.

    Presentations of one image to one neuron are more alike than anything else is.
    """
    if "responses" in arrays:
        agreeing = [orders for orders in fitting if _agrees(arrays, orders)]
        return agreeing or fitting
    likeness = [_likeness(arrays["repeats"], orders["repeats"]) for orders in fitting]
    values = np.array([value for value, _ in likeness])
    error = max(error for _, error in likeness)
    return [fitting[i] for i in np.flatnonzero(values > values.max() - 3 * error)]


def _agrees(arrays, orders):
    """Return True if the means of repeats are responses, in these orders of axes."""
    responses = _transposed("responses", arrays["responses"], orders["responses"])
    repeats = _transposed("repeats", arrays["repeats"], orders["repeats"])
    if len(repeats) != len(responses):
        # Which images are repeated is compared later.
        return True
    return agree(means_of(repeats), responses)


def _likeness(repeats, axes):
    """Return the mean correlation of neighbouring trials, and its standard error."""
    trials = np.moveaxis(repeats, axes.index("trials"), 0)
    trials = trials.reshape(len(trials), -1)[:, :_MOST_PIXELS].astype("float64")
    first, second = trials[:-1].ravel(), trials[1:].ravel()
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 3 or not first[known].std() or not second[known].std():
        return 0.0, 1.0
    value = np.corrcoef(first[known], second[known])[0, 1]
    return value, 1 / np.sqrt(known.sum())


def _transposed(name, array, axes):
    """Return an array with its axes in the documented order."""
    documented = _documented(name, array)
    if len(axes) != array.ndim or set(axes) != set(documented):
        return array
    array = array.transpose([axes.index(axis) for axis in documented])
    return array[:, :, None] if name == "repeats" and array.ndim == 2 else array


def _ask(arrays, fitting, told):
    """Raise a `ValueError` with the flags that would tell the order of the axes."""
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    ways, blamed = [], None
    for orders in fitting:
        others = [name for name in arrays if orders[name] != told[name]]
        differing = [
            name for name in arrays if any(o[name] != orders[name] for o in fitting)
        ]
        flags = [axes_flag(name, orders[name]) for name in {*others, *differing}]
        blamed = blamed or (others or differing)[0]
        ways.append(" ".join(sorted(flags)))
    ways = list(dict.fromkeys(ways))
    what = "may be in several orders" if len(ways) > 1 else "are in another order"
    raise ValueError(
        f"{blamed}: their axes {what}: found {shapes}: say {', or '.join(ways)}"
    )
