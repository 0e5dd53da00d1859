"""Presentations in an NWB file: which image was shown, and when."""

import dataclasses
import warnings

import numpy as np

from v1keras.data.sources import nwb_file, nwb_images

# Names of columns with the index or the name of the image of a presentation.
_COLUMNS = (
    "frame",
    "frame_index",
    "image",
    "image_id",
    "image_index",
    "image_name",
    "stim_index",
    "stimulus_id",
    "stimulus_index",
)
# Names of columns that tell which of several sets of images a row is of.
_SETS = (
    *("stimulus_name", "stimulus_type", "stimulus_set", "stimulus_class", "stimulus"),
    *("stim_name", "stim_type", "image_set", "image_set_name", "stimulus_category"),
)
# An index that stands for a blank screen; the second is the first, unsigned.
_BLANKS = (-1, 2**32 - 1)


@dataclasses.dataclass
class Presentations:
    """Images and when each was shown.

    Args:
        images: `(n, height, width)`.
        indices: `(presentations,)` integers, index of the image shown.
        starts: `(presentations,)` onsets in seconds, rising or not.
        duration: Float, median time on the screen in seconds; None where the file
            doesn't say.
        source: String, where in the file they were found.
    """

    images: np.ndarray
    indices: np.ndarray
    starts: np.ndarray
    duration: float | None
    source: str


def read(session, flags):
    """Return the `Presentations` of a session.

    Args:
        session: `pynwb.NWBFile`.
        flags: `v1keras.data.sources.nwb.Choices`.

    Raises:
        ValueError: The file has none, leaves open which, or contradicts itself.
    """
    candidates = _candidates(session, flags)
    if not candidates:
        raise ValueError(_no_presentations(session))
    path, item = nwb_file.choose(
        "presentations", candidates, flags.presentations, "--presentations"
    )
    if isinstance(item, nwb_file.pynwb().epoch.TimeIntervals):
        presentations = _from_table(session, path, item, flags)
    else:
        presentations = _from_series(session, path, item, flags)
    valid = np.isfinite(presentations.starts)
    valid &= _outside(session.invalid_times, presentations)
    valid &= presentations.indices >= 0
    if not valid.any():
        raise ValueError(f"{path}: no presentation of an image is left")
    presentations.indices = presentations.indices[valid]
    presentations.starts = presentations.starts[valid]
    return presentations


def _candidates(session, flags):
    """Return what may hold the presentations: path -> (object, description)."""
    module = nwb_file.pynwb()
    found = {}
    for path, table in nwb_file.find(session, module.epoch.TimeIntervals).items():
        names = [flags.frame_column] if flags.frame_column else _COLUMNS
        has_index = any(name in table.colnames for name in names)
        chosen = flags.presentations and f"/{path}".endswith(f"/{flags.presentations}")
        if table is not session.invalid_times and (has_index or chosen):
            found[path] = table, f"{len(table.id)} rows"
    kinds = module.image.IndexSeries, module.image.ImageSeries
    for path, series in nwb_file.find(session, *kinds).items():
        shown = path.startswith("stimulus/presentation/") and np.ndim(series.data)
        timed = series.timestamps is not None or series.rate
        if shown and timed and len(series.data):
            found[path] = series, f"{len(series.data)} {type(series).__name__} entries"
    return found


def _no_presentations(session):
    """Return the text for a file in which no table has an index of images."""
    kind = nwb_file.pynwb().epoch.TimeIntervals
    texts = []
    for path, table in nwb_file.find(session, kind).items():
        texts.append(f"{path} has {', '.join(table.colnames)}")
    tables = "; ".join(texts) or "it has no table of intervals and no IndexSeries"
    return (
        "presentations: no column is known to hold the index of an image: name it by"
        f" --frame_column=NAME; {tables}"
    )


def _from_table(session, path, table, flags):
    """Return the presentations of a table of intervals."""
    columns = nwb_file.columns(table, without=("timeseries",))
    name = flags.frame_column or _index_column(path, columns)
    if name not in columns:
        raise ValueError(
            f"--frame_column={name}: {path} has {', '.join(columns) or 'no column'}"
        )
    rows = nwb_file.rows_where(columns, flags.where, "--where")
    images_path, container = nwb_images.choose_images(session, flags.images)
    images, names = nwb_images.read(session, container)
    starts, stops = (columns[key][rows] for key in ("start_time", "stop_time"))
    values = columns[name][rows]
    sets = {key: columns[key][rows] for key in _SETS if key in columns}
    _check_sets(path, values, sets, flags.where)
    indices = _indices(f"{path}/{name}", values, len(images), names, flags)
    durations = stops[indices >= 0] - starts[indices >= 0]
    # To the millisecond, so that sessions agree.
    duration = round(float(np.median(durations)), 3) if durations.size else None
    source = f"images {images_path}, presentations {path}/{name}"
    return Presentations(images, indices, starts, duration, source)


def _check_sets(path, values, sets, conditions):
    """Refuse indices that count the images of several stimuli, all in one column."""
    if values.dtype.kind == "U":  # names of images say themselves which are meant
        return
    shown = np.isfinite(values) & ~np.isin(values, _BLANKS)
    for name, column in sets.items():
        names = np.unique(column[shown].astype(str))
        is_chosen = any(text.startswith(f"{name}=") for text in conditions)
        if len(names) > 1 and not is_chosen:
            raise ValueError(
                f"{path}: its rows are of several stimuli ({name}:"
                f" {', '.join(names[:6])}): say --where={name}=NAME for those that show"
                " the images"
            )


def _index_column(path, columns):
    """Return the one column that holds the index or the name of an image."""
    fitting = [name for name in _COLUMNS if name in columns]
    if len(fitting) != 1:
        raise ValueError(
            f"{path}: choose the column with the index of the image by"
            f" --frame_column=NAME; there are {', '.join(fitting or columns)}"
        )
    return fitting[0]


def _from_series(session, path, series, flags):
    """Return the presentations of an IndexSeries or of a series of images."""
    if flags.where or flags.frame_column:
        raise ValueError(f"{path} is no table: --where and --frame_column do not apply")
    starts = nwb_file.times_of(series, len(series.data))
    if isinstance(series, nwb_file.pynwb().image.IndexSeries):
        container = series.indexed_images or series.indexed_timeseries
        images, names = nwb_images.read(session, container)
        values = np.asarray(series.data[:])
        indices = _indices(path, values, len(images), names, flags)
        source = f"images {nwb_file.path_of(session, container)}, presentations {path}"
    else:
        images, _ = nwb_images.read(session, series)
        indices, source = np.arange(len(images)), f"images and presentations {path}"
    first = _first_of_runs(path, indices, flags.entries)
    return Presentations(images, indices[first], starts[first], None, source)


def _first_of_runs(path, indices, entries):
    """Return which entries of a series begin a presentation."""
    repeated = indices[1:] == indices[:-1]
    shares = np.unique(indices, return_counts=True)[1] / len(indices)
    # In random order, as many entries repeat the one before as the sum of squares says.
    if entries is None and repeated.mean() > 0.2 + np.square(shares).sum():
        raise ValueError(
            f"{path}: {repeated.sum()} of {len(indices)} entries name the image of the"
            " entry before: --entries=frames takes such a run as one presentation,"
            " --entries=presentations each entry"
        )
    if entries == "frames":
        return np.append(True, ~repeated)
    return np.ones(len(indices), bool)


def _indices(path, values, count, names, flags):
    """Return the index of the image of each presentation, -1 for a blank screen."""
    if values.dtype.kind == "U":
        return _by_name(path, values, names)
    if isinstance(names, nwb_images.Unordered):
        raise ValueError(
            f"{path} counts images that have no order ({', '.join(names[:4])}, ...):"
            " expected order_of_images, or names that end with 0, 1, ..."
        )
    blank = ~np.isfinite(values) | np.isin(values, _BLANKS)
    shown = np.where(blank, 0, values)
    if not np.array_equal(shown, np.round(shown)):
        raise ValueError(f"{path} holds what is not the index of an image")
    indices = np.where(blank, -1, shown.astype(np.int64) - flags.first_frame)
    wrong = np.unique(indices[~blank & ((indices < 0) | (indices >= count))])
    if wrong.size:
        first = int(shown[~blank].min())
        advice = ""
        if first and shown[~blank].max() - first < count:
            advice = f"; if it counts from {first}, say --first_frame={first}"
        raise ValueError(
            f"{path} names image {wrong[0] + flags.first_frame}, but there are {count}"
            f" images, counted from {flags.first_frame}{advice}"
        )
    if not flags.first_frame and (indices >= 0).any() and indices[~blank].min() == 1:
        warnings.warn(
            f"{path} never names image 0: if it counts from 1, say --first_frame=1"
        )
    return indices


def _by_name(path, values, names):
    """Return the index of each named image, -1 for a text that names none."""
    if not names:
        raise ValueError(f"{path} holds text, but the images have no names")
    if len(set(names)) != len(names):
        raise ValueError(f"{path}: two images have one name")
    rows = {name: row for row, name in enumerate(names)}
    indices = np.array([rows.get(value, -1) for value in values])
    others = np.unique(values[indices < 0])
    if (indices < 0).any() and (indices >= 0).any():
        warnings.warn(
            f"{path}: {np.sum(indices < 0)} presentations name no image"
            f" ({', '.join(others[:4])}): left out"
        )
    if (indices < 0).all():
        raise ValueError(
            f"{path} holds {', '.join(np.unique(values)[:4])}; the images are called"
            f" {', '.join(names[:4])}"
        )
    return indices


def _outside(invalid, presentations):
    """Return which presentations touch no interval that is marked as invalid."""
    valid = np.ones(len(presentations.starts), bool)
    if invalid is None:
        return valid
    stops = presentations.starts + (presentations.duration or 0.0)
    begins, ends = invalid["start_time"].data[:], invalid["stop_time"].data[:]
    for begin, end in zip(begins, ends, strict=True):
        valid &= (stops <= begin) | (presentations.starts >= end)
    return valid
