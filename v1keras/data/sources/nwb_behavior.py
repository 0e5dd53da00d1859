"""Behavior in an NWB file: running speed, pupil and gaze at each presentation."""

import numpy as np

from v1keras.data.sources import nwb_file

_CONTAINERS = ("BehavioralTimeSeries", "EyeTracking", "PupilTracking")


def read(session, starts, duration, wanted):
    """Return covariates of presentations.

    Args:
        session: `pynwb.NWBFile`.
        starts: `(presentations,)` onsets in seconds.
        duration: Float, seconds from the onset that a value is the mean over.
        wanted: Sequence of texts NAME=SERIES; empty for all that the file holds as
            behavior.

    Returns:
        Dict from a name to `(presentations,)` or `(presentations, k)`.

    Raises:
        ValueError: There is no such series, or it has no times.
    """
    candidates = _candidates(session)
    covariates = {}
    if not wanted:
        for path, (series, _) in candidates.items():
            if type(series.parent).__name__ in _CONTAINERS or "running" in path:
                covariates[_name(path, candidates)] = series
    for text in wanted:
        name, equals, path = text.partition("=")
        if not equals:
            raise ValueError(f"--covariate={text}: expected --covariate=NAME=SERIES")
        flag = f"--covariate={name}"
        covariates[name] = nwb_file.choose("behavior", candidates, path, flag)[1]
    return {name: _at(series, starts, duration) for name, series in covariates.items()}


def _candidates(session):
    """Return the series of numbers that may be behavior: path -> (series, text)."""
    kind = nwb_file.pynwb().TimeSeries
    found = {}
    for path, series in nwb_file.find(session, kind).items():
        shape = np.shape(series.data)
        timed = series.timestamps is not None or series.rate
        numeric = getattr(series.data, "dtype", np.dtype(object)).kind in "biuf"
        small = len(shape) == 1 or len(shape) == 2 and shape[1] <= 16
        inside = path.startswith(("processing/", "acquisition/"))
        if inside and timed and numeric and small and shape[0] and not _is_roi(series):
            found[path] = series, " x ".join(map(str, shape))
    return found


def _is_roi(series):
    return isinstance(series, nwb_file.pynwb().ophys.RoiResponseSeries)


def _name(path, candidates):
    """Return the shortest end of a path that names one series, without slashes."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        end = "/".join(parts[-count:])
        if sum(f"/{other}".endswith(f"/{end}") for other in candidates) == 1:
            return end.replace("/", "_")
    return path.replace("/", "_")


def _at(series, starts, duration):
    """Return the mean of a series over each presentation.

    Where none falls into it, the samples around its middle are interpolated, if they
    are not far apart; else it is NaN, as during a blink.
    """
    times = nwb_file.times_of(series, len(series.data))
    nwb_file.check_size(series.name, 8 * int(np.prod(np.shape(series.data))))
    data = np.asarray(series.data[:], float)
    values = data.reshape(len(times), -1)
    middles = starts + duration / 2
    period = np.median(np.diff(times)) if len(times) > 1 else 0.0
    means = np.full((len(starts), values.shape[1]), np.nan)
    for channel, samples in enumerate(values.T):
        finite = np.isfinite(samples)
        if not finite.any():
            continue
        known, samples = times[finite], samples[finite]
        first = np.searchsorted(known, starts)
        last = np.searchsorted(known, starts + duration)
        count = last - first
        sums = np.append(0.0, np.cumsum(samples))
        between = np.interp(middles, known, samples, left=np.nan, right=np.nan)
        after = np.clip(np.searchsorted(known, middles), 1, len(known) - 1)
        gap = known[after] - known[after - 1]
        between[gap > max(duration, 3 * period)] = np.nan
        mean = (sums[last] - sums[first]) / np.maximum(count, 1)
        means[:, channel] = np.where(count > 0, mean, between)
    return means[:, 0] if data.ndim == 1 else means
