"""Checks that every array and every text of a recording passes."""

import unicodedata

import numpy as np


def columns(columns, group, count):
    """Return columns as arrays, strings as NumPy's strings.

    Args:
        columns: Dict from a name to `count` numbers or texts.
        group: String, the group of the file that they are in.
        count: Integer.

    Raises:
        ValueError: A name or a column can't be stored in a file; names it.

    Example:

    >>> columns({"category": ["face", "house"]}, "covariates", 2)["category"].tolist()
    ['face', 'house']
    """
    arrays = {}
    for key, column in columns.items():
        name = check_name(group, key)
        array = unmasked(column, name)
        if array.dtype.kind in "OSU":
            array = check_text(name, array)
        numbers_or_text = array.dtype.kind in "biufU"
        check(numbers_or_text, name, f"type {array.dtype}", "numbers or text")
        fits = array.ndim and len(array) == count
        check(fits, name, array.shape, f"({count}, ...)")
        arrays[key] = array
    return arrays


def check_name(group, key):
    """Return `group/key`, once a column of that name can be stored in a file."""
    # In HDF5 a slash begins a group, and a point is the group itself.
    is_name = isinstance(key, str) and key not in ("", ".") and "/" not in key
    check(is_name, group, f"a column named {key!r}", "a name without a slash")
    return f"{group}/{check_text(group, key).item()}"


def check_text(name, values):
    """Return texts as an array of strings, once they can be stored in a file.

    Args:
        name: String, name of the array, for the error.
        values: String, bytes in UTF-8, or an array of them.

    Raises:
        ValueError: One holds a character that UTF-8 or HDF5 has none of.
    """
    array = np.asarray(values)
    try:
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
        array = array.astype(str)
        storable = "\0" not in "".join(array.ravel().tolist()).encode().decode()
    except UnicodeError:
        storable = False
    check(storable, name, "text with NUL, or not in UTF-8", "text in UTF-8 without NUL")
    return array


def composed(values):
    r"""Return texts with each accent written in one way, since systems differ (NFC).

    Args:
        values: Array of strings.

    Example:

    >>> composed(np.array(["Ma\u0308use"])).tolist() == ["M\u00e4use"]
    True
    """
    texts = [unicodedata.normalize("NFC", text) for text in values.ravel().tolist()]
    return np.array(texts, str).reshape(values.shape)


def numeric(array, name, dtype):
    """Return numbers as `dtype`; to integers only where none is rounded."""
    array, dtype = unmasked(array, name), np.dtype(dtype)
    is_numeric = array.dtype.kind in "biuf"
    check(is_numeric, name, f"type {array.dtype}", f"numbers ({dtype})")
    cast = array.astype(dtype, copy=False)
    if dtype.kind == "i" and not np.array_equal(cast, array):
        rounded = array[cast != array].ravel()[:3].tolist()
        check(False, name, rounded, f"whole numbers ({dtype})")
    return cast


def unmasked(array, name):
    """Return an array without a mask, with NaN in place of what was masked."""
    if not np.ma.is_masked(array):
        return np.asarray(array)
    is_numeric = array.dtype.kind in "biuf"
    check(is_numeric, name, f"masked entries of type {array.dtype}", "numbers")
    wide = array.dtype if array.dtype.kind == "f" else np.float64
    return array.astype(wide).filled(np.nan)


def check(fits, name, found, expected):
    """Raise a `ValueError` unless `fits`."""
    if not fits:
        raise ValueError(f"{name}: found {found}, expected {expected}")
