"""Responses in an NWB file: spike counts of units, or mean traces of ROIs."""

import dataclasses
import math
import warnings

import numpy as np

from v1keras.data.sources import nwb_file
from v1keras.data.validation import COUNTS

# From an image's onset to the window, unless a flag says otherwise: spikes lag behind
# the screen by the way from the retina; traces lag so much more that the window is the
# experimenter's to choose.
SPIKE_LATENCY_S = 0.05
# Columns that mark what is a cell, and in lower case the values for what is none.
_MARKS = ("iscell", "is_cell", "valid_roi", "accepted", "quality", "KSLabel", "label")
_NO_CELL = ("0", "0.0", "false", "noise", "artifact")


@dataclasses.dataclass
class Responses:
    """Responses of one session.

    Args:
        trials: `(presentations, neurons)` float32, NaN where nothing was recorded.
        neurons: Dict of columns with an entry per neuron.
        attributes: Dict, attributes of the recording that the responses give.
        source: String, where in the file they were found.
    """

    trials: np.ndarray
    neurons: dict
    attributes: dict
    source: str


def read(session, presentations, flags):
    """Return the `Responses` to presentations.

    Args:
        session: `pynwb.NWBFile`.
        presentations: `v1keras.data.sources.nwb_presentations.Presentations`.
        flags: `v1keras.data.sources.nwb.Choices`.

    Raises:
        ValueError: The file has none, leaves open which, or no window is known.
    """
    path, item = _choose(session, flags.responses)
    window = flags.window or presentations.duration
    if not window or not math.isfinite(window) or window <= 0:
        raise ValueError(
            "the file doesn't say how long an image was on the screen: say by"
            " --window=SECONDS over which time responses are taken"
        )
    spikes = item is session.units
    latency = flags.latency
    if latency is None:
        latency = SPIKE_LATENCY_S if spikes else 0.0
    windows = presentations.starts + latency, window
    if spikes:
        responses = _spikes(item, *windows, flags.neurons)
    else:
        responses = _traces(path, item, *windows, flags.neurons)
    span = f"{latency:g} to {latency + window:g} s from the onset"
    responses.source = f"responses {path}, {span}"
    return responses


def _choose(session, wanted):
    """Return the (path, object) with the responses."""
    module = nwb_file.pynwb()
    candidates = {}
    if session.units is not None and "spike_times" in session.units.colnames:
        candidates["units"] = session.units, f"{len(session.units.id)} spike trains"
    kind = module.ophys.RoiResponseSeries
    normalized = {}
    for path, series in nwb_file.find(session, kind).items():
        shape = " x ".join(map(str, np.shape(series.data)))
        candidates[path] = series, f"{shape} {type(series.parent).__name__}"
        if isinstance(series.parent, module.ophys.DfOverF):
            normalized[path] = candidates[path]
    if wanted is None and len(normalized) == 1 and "units" not in candidates:
        candidates = normalized  # the raw fluorescence that it was made of is no other
    return nwb_file.choose("responses", candidates, wanted, "--responses")


def _spikes(units, starts, window, conditions):
    """Return spike counts of units in windows that start at `starts`."""
    columns = _unit_columns(units)
    chosen = np.flatnonzero(nwb_file.rows_where(columns, conditions, "--select"))
    _warn_of_no_cells("units", columns, chosen)
    trials = np.empty((len(starts), len(chosen)), np.float32)
    times = units["spike_times"].target.data
    # Where each unit's spikes end among those of all.
    limits = np.append(0, np.asarray(units["spike_times"].data[:]).astype(np.int64))
    if (np.diff(limits) < 0).any() or limits[-1] > len(times):
        raise ValueError("units/spike_times_index doesn't rise to the number of spikes")
    for column, unit in enumerate(chosen):
        begin, end = limits[unit], limits[unit + 1]
        nwb_file.check_size(f"units/spike_times of unit {unit}", 8 * int(end - begin))
        spikes = np.sort(times[begin:end])
        before = np.searchsorted(spikes, starts)
        counts = np.searchsorted(spikes, starts + window) - before
        observed = _observed(units, unit, starts, starts + window)
        trials[:, column] = np.where(observed, counts, np.nan)
    neurons = {name: values[chosen] for name, values in columns.items()}
    attributes = {"units": COUNTS, "window_s": window}
    return Responses(trials, neurons, attributes, "")


def _warn_of_no_cells(path, columns, chosen):
    """Warn of units or ROIs that the file marks as none."""
    for name in _MARKS:
        if name not in columns:
            continue
        values = nwb_file.texts(columns[name][chosen])
        none = np.array([value.lower() in _NO_CELL for value in values], bool)
        if none.any() and not none.all():
            others = ",".join(np.unique(values[~none])[:4])
            warnings.warn(
                f"{path}: {none.sum()} of {len(none)} have {name}={values[none][0]}:"
                f" --select={name}={others} leaves them out"
            )


def _observed(units, unit, starts, stops):
    """Return which windows lie within the times that a unit was observed in."""
    if "obs_intervals" not in units.colnames:
        return np.ones(len(starts), bool)
    observed = np.zeros(len(starts), bool)
    for begin, end in np.reshape(units["obs_intervals"][int(unit)], (-1, 2)):
        observed |= (starts >= begin) & (stops <= end)
    return observed


def _unit_columns(units):
    """Return the columns of units, and those of each one's electrode."""
    columns = nwb_file.columns(units)
    electrodes, rows = _electrodes(units, columns)
    if electrodes is not None:
        found = nwb_file.columns(electrodes)
        for name, values in found.items():
            columns.setdefault(name, values[rows])
    elif "electrode_group" in units.colnames:
        groups = units["electrode_group"][:]
        locations = [nwb_file.text(group.location) for group in groups]
        columns.setdefault("location", np.array(locations))
    return columns


def _electrodes(units, columns):
    """Return the table of electrodes and each unit's row in it, or None and None.

    Of several electrodes a unit's first counts, unless the file names its peak channel.
    """
    session = units.get_ancestor("NWBFile")
    electrodes = session.electrodes
    if electrodes is None:
        return None, None
    if "peak_channel_id" in columns:
        ids = np.asarray(electrodes.id[:])
        order = np.argsort(ids)
        places = np.searchsorted(ids, columns["peak_channel_id"], sorter=order)
        rows = order[np.minimum(places, len(ids) - 1)]
        if np.array_equal(ids[rows], columns["peak_channel_id"]):
            return electrodes, rows
    if "electrodes" not in units.colnames:
        return None, None
    ends = np.asarray(units["electrodes"].data[:]).astype(np.int64)
    region = units["electrodes"].target
    begins = np.append(0, ends[:-1])
    if (begins == ends).any() or ends.max() > len(region.data):
        return None, None
    return region.table, np.asarray(region.data[:])[begins]


def _traces(path, series, starts, window, conditions):
    """Return means of ROIs' traces over windows that start at `starts`."""
    rois, shape = np.asarray(series.rois.data[:]), np.shape(series.data)
    if len(shape) != 2 or len(rois) not in shape:
        raise ValueError(f"{path} is {shape}, expected (times, {len(rois)} ROIs)")
    # Some laboratories write ROIs first; where there are as many as times, the schema
    # holds.
    rois_last = shape[1] == len(rois)
    times = nwb_file.times_of(series, shape[0 if rois_last else 1])
    columns = {}
    for name, values in nwb_file.columns(series.rois.table).items():
        columns[name] = values[rois]
    plane = getattr(series.rois.table, "imaging_plane", None)
    if plane is not None:
        location = np.full(len(rois), nwb_file.text(plane.location))
        columns.setdefault("location", location)
    chosen = np.flatnonzero(nwb_file.rows_where(columns, conditions, "--select"))
    _warn_of_no_cells(path, columns, chosen)
    first = np.searchsorted(times, starts)
    last = np.searchsorted(times, starts + window)
    # A window that outlasts the traces has no mean.
    period = np.median(np.diff(times)) if len(times) > 1 else 0.0
    inside = starts + window <= times[-1] + 1.5 * period
    inside &= starts >= times[0] - 0.5 * period
    trials = np.full((len(first), len(chosen)), np.nan, np.float32)
    for row in np.flatnonzero((first < last) & inside):
        samples = slice(first[row], last[row])
        values = series.data[samples] if rois_last else series.data[:, samples].T
        trials[row] = values[:, chosen].mean(axis=0)
    if np.isnan(trials).all():
        raise ValueError(
            f"{path}: no sample in any window; its times are {times[0]:g} to"
            f" {times[-1]:g} s, the windows start at {starts.min():g} to"
            f" {starts.max():g} s"
        )
    neurons = {name: values[chosen] for name, values in columns.items()}
    return Responses(trials, neurons, {"units": _units_of(series)}, "")


def _units_of(series):
    """Return the unit of a series of traces."""
    if isinstance(series.parent, nwb_file.pynwb().ophys.DfOverF):
        return "dF/F"
    return f"{series.name}, {nwb_file.text(series.unit)}"
