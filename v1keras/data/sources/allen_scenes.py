"""Allen Brain Observatory, Visual Coding: 118 natural scenes, awake mice.

Each scene was presented about 50 times. As published, NWB 2 files; they are read as the
HDF5 that they are, by the paths that the NWB schema fixes:

- Neuropixels (DANDI 000021): `intervals/natural_scenes_presentations/{frame,
  start_time, stop_time}`, frame -1 a blank screen; `units/{id, spike_times,
  spike_times_index, peak_channel_id, quality}`;
  `general/extracellular_ephys/electrodes/{id, location, x, y, z}`. The scenes are
  published apart, `natural_scene_templates/natural_scene_<i>.tiff` of 918 x 1174
  pixels.
- Two-photon (DANDI 000728): `stimulus/presentation/natural_scenes_stimulus/{data,
  timestamps}`, a blank screen -1, which may stand there as an unsigned number; the
  scenes in `stimulus/templates/natural_scenes_template/NaturalScene<i>`;
  `processing/ophys/DfOverF/DfOverF/{data, timestamps}`, data `(time, neurons)`.

Siegle et al., Nature 592:86, 2021; de Vries et al., Nature Neuroscience 23:138, 2020.
Allen Institute terms of use.
"""

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources import allen_templates, hdf5
from v1keras.data.sources.allen_templates import SOURCE
from v1keras.data.sources.locate import locate
from v1keras.data.sources.trials import mean_response, stack_repeats
from v1keras.io import hdf5_file
from v1keras.io.foreign import errors_naming

WINDOW_S = 0.25  # a scene's time on the screen; the next follows at once
LATENCY_S = 0.05  # of spikes behind the screen
# From a scene's onset, dF/F is averaged over this: its time on the screen and as much
# again, as in the Allen's analysis.
CALCIUM_S = 0.5
_BLANKS = (-1, 2**32 - 1)
_ELECTRODES = "general/extracellular_ephys/electrodes"
_TERMS = "Allen Institute terms of use, http://www.alleninstitute.org/legal/terms-use/"


def read(path=None, area="VISp", average=18):
    """Read one session.

    Args:
        path: Path of the session's .nwb file, or of a folder with it and, for
            Neuropixels, `natural_scene_templates/`. Defaults to the folder
            `allen_scenes` in the one that `V1KERAS_DATA` names.
        area: String, area of the units of a Neuropixels session; units whose quality
            isn't "good" are left out.
        average: Integer, pixels a side that become one: 918 x 1174 become 51 x 65.

    Returns:
        `Recording` with `repeats`: spikes in 250 ms from 50 ms after a scene's onset,
        or dF/F averaged over 500 ms from it. Columns `neurons/unit`, for Neuropixels
        `neurons/coordinates` (of the electrode, as published).

    Raises:
        OSError: It is not there.
        ValueError: It is malformed, or a session without natural scenes; names the
            file.
    """
    path = locate("allen_scenes", path, SOURCE)
    files = sorted(path.rglob("*.nwb")) if path.is_dir() else [path]
    if len(files) != 1:
        raise ValueError(
            f"{path}: expected one session's .nwb file, found {len(files)}: name it by"
            " --path"
        )
    file = files[0]
    with errors_naming(file), hdf5_file.opened(file) as session:
        spikes = "units" in session
        if spikes:
            scenes, trials, columns = _spikes(session, area)
            images = allen_templates.from_folder(file.parent, average)
        else:
            scenes, trials, columns = _calcium(session)
            images = allen_templates.from_session(session, average)
    repeats = stack_repeats(trials, _presentations(scenes, len(images), file))
    attributes = _neuropixels(area) if spikes else _two_photon()
    return Recording(
        images,
        mean_response(repeats, axis=1),
        repeats=repeats,
        repeat_images=np.arange(len(images)),
        neurons=columns,
        attributes={
            "name": f"allen_scenes_{file.stem}",
            "species": "mouse",
            "license": _TERMS,
            "source": SOURCE,
        }
        | attributes,
    )


def _neuropixels(area):
    """Return the attributes of a session with spikes."""
    return {
        "units": "spikes per presentation",
        "area": area,
        "technique": "Neuropixels, awake",
        "citation": "Siegle et al., Nature 592:86, 2021",
        "window_s": WINDOW_S,
    }


def _two_photon():
    """Return the attributes of a session with calcium traces."""
    return {
        "units": "dF/F",
        "area": "visual cortex",
        "technique": "two-photon calcium imaging, awake",
        "citation": "de Vries et al., Nature Neuroscience 23:138, 2020",
    }


def _presentations(scenes, count, file):
    """Return the indices of each scene's presentations."""
    without_template = sorted(set(np.unique(scenes)) - set(range(count)))
    if without_template:
        raise ValueError(
            f"{file}: scenes {without_template[:5]} were shown, but there are {count}"
            " templates"
        )
    presentations = [np.flatnonzero(scenes == scene) for scene in range(count)]
    never = sum(not indices.size for indices in presentations)
    if never:
        raise ValueError(f"{file}: of {count} scenes {never} were never shown")
    return presentations


def _scenes(session, frames, times):
    """Return scenes and their onsets, without the blank screens.

    Args:
        session: `hdf5_file.File`.
        frames: String, name of the dataset of scenes.
        times: String, name of the dataset of their onsets.
    """
    scenes, onsets = hdf5.numbers(session, frames), hdf5.numbers(session, times)
    if scenes.shape != onsets.shape or not np.isfinite(onsets).all():
        raise ValueError(
            f"{frames}: {scenes.size} scenes and {onsets.size} times; expected a time"
            " each"
        )
    if not np.array_equal(scenes, np.round(scenes)):
        raise ValueError(f"{frames} holds what is not the number of a scene")
    chosen = ~np.isin(scenes, _BLANKS)
    return scenes[chosen].astype(np.int64), onsets[chosen]


def _spikes(session, area):
    """Return scenes, `(presentations, units)` spike counts and columns of units."""
    table = "intervals/natural_scenes_presentations"
    scenes, onsets = _scenes(session, f"{table}/frame", f"{table}/start_time")
    units, ends, times, rows, chosen = _units(session, area)
    begins = np.append(0, ends[:-1]).astype(np.int64)
    starts = onsets + LATENCY_S
    trials = np.empty((len(scenes), chosen.size), np.float32)
    for column, unit in enumerate(chosen):
        spikes = np.sort(times[begins[unit] : int(ends[unit])])
        before = np.searchsorted(spikes, starts)
        trials[:, column] = np.searchsorted(spikes, starts + WINDOW_S) - before
    axes = [hdf5.numbers(session, f"{_ELECTRODES}/{axis}") for axis in "xyz"]
    coordinates = np.stack([axis[rows[chosen]] for axis in axes], axis=1)
    return scenes, trials, {"unit": units[chosen], "coordinates": coordinates}


def _units(session, area):
    """Return ids, ends of spike trains, spike times, electrodes and indices of units.

    The indices are of the good units in the area.
    """
    channels = hdf5.numbers(session, f"{_ELECTRODES}/id").tolist()
    areas = session[f"{_ELECTRODES}/location"][...]
    units = hdf5.numbers(session, "units/id")
    peaks = hdf5.numbers(session, "units/peak_channel_id").tolist()
    ends = hdf5.numbers(session, "units/spike_times_index")
    quality = np.full(units.shape, "good")
    if "units/quality" in session:
        quality = session["units/quality"][...]
    # A gigabyte, which is read unit by unit.
    times = hdf5.numbers(session, "units/spike_times", largest=None)
    one_each = len(units) == len(peaks) == len(ends) == len(quality)
    if not one_each or len(areas) != len(channels):
        raise ValueError(
            f"units: {len(units)} ids, {len(peaks)} channels, {len(ends)} spike trains;"
            " expected one each"
        )
    if ends[-1] != len(times) or (np.diff(ends.astype(np.int64)) < 0).any():
        raise ValueError(
            f"units/spike_times_index ends at {ends[-1]}, expected to rise to the"
            f" {len(times)} spike times"
        )
    unknown = sorted(set(peaks) - set(channels))
    if unknown:
        raise ValueError(
            f"units/peak_channel_id names {unknown[:3]}, which are not electrodes"
        )
    rows = np.array([channels.index(peak) for peak in peaks])
    chosen = np.flatnonzero((areas[rows] == area) & (quality == "good"))
    if not chosen.size:
        present = ", ".join(sorted(set(areas[rows])))
        raise ValueError(f"no good unit in {area}; there are units in {present}")
    return units, ends, times, rows, chosen


def _calcium(session):
    """Return scenes, `(presentations, neurons)` mean dF/F and columns of neurons."""
    table = "stimulus/presentation/natural_scenes_stimulus"
    series = "processing/ophys/DfOverF/DfOverF"
    scenes, onsets = _scenes(session, f"{table}/data", f"{table}/timestamps")
    traces = hdf5.numbers(session, f"{series}/data", ndim=2)
    times = hdf5.numbers(session, f"{series}/timestamps")
    if len(traces) != len(times) or (np.diff(times) <= 0).any():
        raise ValueError(
            f"{series}/data is {traces.shape}, expected ({len(times)} rising times,"
            " neurons)"
        )
    first = np.searchsorted(times, onsets)
    last = np.searchsorted(times, onsets + CALCIUM_S)
    end = times[-1] + np.diff(times).max()
    if (first == last).any() or onsets.max() + CALCIUM_S > end:
        raise ValueError(
            f"{series}/timestamps ends at {times[-1]} s, expected samples of every"
            f" scene, the last at {onsets.max()} s"
        )
    windows = zip(first, last, strict=True)
    trials = np.stack([traces[start:stop].mean(axis=0) for start, stop in windows])
    return scenes, trials, {"unit": np.arange(traces.shape[1])}
