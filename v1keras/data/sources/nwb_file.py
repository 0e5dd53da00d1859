"""NWB files, opened with pynwb, and the choice among what one of them holds."""

import contextlib
import logging
import math
import warnings

import numpy as np

from v1keras.io.archives import LARGEST_FILE
from v1keras.io.extras import import_extra
from v1keras.io.foreign import errors_naming

_MOST_PER_ROW = 4  # numbers that a row of a column may have
# The groups of a file whose content is searched, and what pynwb calls them.
_GROUPS = {
    "acquisition": "acquisition",
    "stimulus/presentation": "stimulus",
    "stimulus/templates": "stimulus_template",
    "processing": "processing",
    "intervals": "intervals",
}


NOT_INSTALLED = (
    'NWB files are read with pynwb: install it, with `pip install "v1keras[nwb]"`'
)


def pynwb():
    """Return the module pynwb.

    Raises:
        ValueError: It is not installed; says how to install it.
    """
    return import_extra("pynwb", NOT_INSTALLED)


@contextlib.contextmanager
def opened(path):
    """Open a file, and turn every error within the block into one line.

    A file's own types (extensions) are read as plain data, by the specifications that
    it brings; no code of an extension is imported.

    Args:
        path: Path of the file.

    Yields:
        `pynwb.NWBFile`, whose arrays are read when they are asked for.

    Raises:
        ValueError: It is not an NWB 2 file, or the block raised an error.
    """
    module = pynwb()
    with errors_naming(path), contextlib.ExitStack() as stack:
        with warnings.catch_warnings(), _silent("hdmf"):
            # Of schemas, versions and what a newer pynwb would write otherwise.
            warnings.simplefilter("ignore")
            file = stack.enter_context(module.NWBHDF5IO(str(path), "r"))
            session = _read(file)
        yield session


def _read(file):
    """Return the content of an open file."""
    from hdmf.build.errors import ConstructError

    try:
        return file.read()
    except ConstructError as error:
        # Its text is the whole object before what is wrong with it.
        builder, reason = error.args
        raise ValueError(f"{builder.name}: {reason}") from error


@contextlib.contextmanager
def _silent(name):
    """Keep a logger quiet within the block."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def find(session, *kinds):
    """Return a dict from the path in the file to each object of some classes.

    Args:
        session: `pynwb.NWBFile`.
        *kinds: Classes of pynwb.
    """
    items = {}
    for item in session.objects.values():
        if isinstance(item, kinds):
            items[path_of(session, item)] = item
    return dict(sorted(items.items()))


def path_of(session, item):
    """Return an object's path in the file, such as "stimulus/templates/scenes"."""
    names = [item.name]
    while item.parent is not None and item.parent is not session:
        item = item.parent
        names.append(item.name)
    for group, attribute in _GROUPS.items():
        members = getattr(session, attribute) or {}
        if any(item is member for member in members.values()):
            names.append(group)
    if item in (session.trials, session.epochs, session.invalid_times):
        names.append("intervals")
    return "/".join(reversed(names))


def choose(noun, candidates, wanted, flag):
    """Return the (path, object) that is wanted, or the only one.

    Args:
        noun: String, what is chosen, for the error.
        candidates: Dict from a path to a tuple (object, description).
        wanted: String, the path or the end of it; None for the only one.
        flag: String, the flag that says what is wanted.

    Raises:
        ValueError: There is none, or there are several; lists them.

    Example:

    >>> candidates = {"a/x": (1, "1 image"), "b/x": (2, "2 images")}
    >>> choose("images", candidates, "b/x", "--images")
    ('b/x', 2)
    """
    fitting = list(candidates)
    if wanted is not None:
        ends = "/" + wanted.strip("/")
        fitting = [path for path in candidates if f"/{path}".endswith(ends)]
    if len(fitting) == 1:
        return fitting[0], candidates[fitting[0]][0]
    texts = [f"{path} ({text})" for path, (_, text) in candidates.items()]
    listed = ", ".join(texts) or "none"
    if not candidates:
        raise ValueError(f"{noun}: the file has none that can be used")
    if wanted is None:
        raise ValueError(f"{noun}: choose one by {flag}=NAME; there are {listed}")
    count = f"{len(fitting)} of that name" if fitting else "none of that name"
    raise ValueError(f"{flag}={wanted}: found {count}; there are {listed}")


def column(table, name):
    """Return a column with one number or text per row, or few numbers; or None.

    Args:
        table: `hdmf.common.DynamicTable`.
        name: String, its column; "id" for the rows' own numbers.

    Raises:
        ValueError: It declares more bytes than may be read.
    """
    data = table.id if name == "id" else table[name]
    if hasattr(data, "target"):  # the ends of rows of several values
        return None
    data = getattr(data, "data", data)
    shape, dtype = np.shape(data), getattr(data, "dtype", np.dtype(object))
    few = len(shape) == 1 or len(shape) == 2 and 1 <= shape[1] <= _MOST_PER_ROW
    if not few or shape[0] != len(table.id):
        return None
    check_size(name, math.prod(shape) * np.dtype(dtype).itemsize)
    values = np.asarray(data[:])
    if values.ndim == 2:
        return values if values.dtype.kind in "biuf" else None
    if values.dtype.kind in "OS":
        if not all(isinstance(value, (str, bytes)) for value in values):
            return None
        values = np.array([text(value) for value in values], dtype=np.str_)
    return values if values.dtype.kind in "biufU" else None


def columns(table, without=()):
    """Return a dict of the columns that `column` returns for a table.

    Of several numbers per row, the first has the column's name, the second `NAME_1`.
    """
    arrays = {}
    for name in ("id", *table.colnames):
        values = None if name in without else column(table, name)
        if values is not None and values.ndim == 2:
            for place, part in enumerate(values.T):
                arrays[f"{name}_{place}" if place else name] = part
        elif values is not None:
            arrays[name] = values
    return arrays


def rows_where(arrays, conditions, flag):
    """Return `(rows,)` bool: the rows of columns that meet all conditions.

    Args:
        arrays: Dict from the name of a column to its array.
        conditions: Sequence of texts COLUMN=VALUE, or COLUMN=VALUE,VALUE for any of
            them.
        flag: String, the flag that gives them.

    Raises:
        ValueError: A condition is no such text, or there is no such column, or no row
            is left; says what there is.

    Example:

    >>> quality = np.array(["good", "noise", "good"])
    >>> rows_where({"quality": quality}, ["quality=good"], "--select").tolist()
    [True, False, True]
    """
    chosen = np.ones(len(next(iter(arrays.values()))), bool)
    for condition in conditions:
        name, equals, values = condition.partition("=")
        if not equals:
            raise ValueError(f"{flag}={condition}: expected {flag}=COLUMN=VALUE")
        if name not in arrays:
            raise ValueError(
                f"{flag}={condition}: no column {name!r}; there is {', '.join(arrays)}"
            )
        meets = np.isin(texts(arrays[name]), values.split(","))
        if not (chosen & meets).any():
            present = ", ".join(np.unique(texts(arrays[name][chosen]))[:10])
            raise ValueError(
                f"{flag}={condition}: no row is left; {name} has {present}"
            )
        chosen &= meets
    return chosen


def texts(values):
    """Return values as text, whole numbers without a point."""
    if values.dtype.kind == "f":
        return np.array([f"{value:g}" for value in values])
    return values.astype(str)


def text(value):
    """Return a string of the file, which may be bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


def check_size(name, size):
    """Raise a `ValueError` where an array declares more bytes than are read at once."""
    if size > LARGEST_FILE:
        raise ValueError(
            f"{name} declares {size} bytes, expected at most {LARGEST_FILE}"
        )


def times_of(series, count):
    """Return `(count,)` times of a `pynwb.TimeSeries` in seconds.

    Args:
        series: `pynwb.TimeSeries`.
        count: Integer, number of its samples.

    Raises:
        ValueError: It has none, or fewer or more, or they don't rise.
    """
    if series.timestamps is not None:
        check_size(f"{series.name}: timestamps", 8 * len(series.timestamps))
        times = np.asarray(series.timestamps[:], float)
    elif series.rate:
        check_size(f"{series.name}: data", 8 * count)
        times = (series.starting_time or 0.0) + np.arange(count) / series.rate
    else:
        raise ValueError(f"{series.name} has neither timestamps nor a rate")
    if len(times) != count:
        raise ValueError(
            f"{series.name}: {count} samples and {len(times)} times, expected a time"
            " each"
        )
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError(f"{series.name}: its timestamps do not rise")
    return times
