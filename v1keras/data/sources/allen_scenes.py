"""Allen Brain Observatory, Visual Coding: 118 natural scenes, each shown about 50 times
to awake mice.

As published, NWB 2 files; they are read as the HDF5 that they are, by the paths that
the NWB schema fixes:

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

import re

import h5py
import numpy as np
from PIL import Image

from v1keras.data.recording import Recording
from v1keras.data.sources.archives import LARGEST_FILE, naming
from v1keras.data.sources.locate import local
from v1keras.data.sources.trials import mean_response, stack_repeats

SOURCE = (
    "https://dandiarchive.org, dandisets 000021 (Neuropixels) and 000728 (two-photon);"
    " scenes in s3://allen-brain-observatory"
)
WINDOW_S = 0.25  # a scene's time on the screen; the next follows at once
LATENCY_S = 0.05  # of spikes behind the screen
# from a scene's onset, dF/F is averaged over this: its time on the screen and as much
# again, as in the Allen's analysis
CALCIUM_S = 0.5
_BLANKS = (-1, 2**32 - 1)


def read(path=None, area="VISp", average=18):
    """One session.

    Args:
        path: the session's .nwb file, or a folder with it and, for Neuropixels,
            `natural_scene_templates/`; where left out, the folder `allen_scenes` in the
            one that `V1KERAS_DATA` names.
        area: which units of a Neuropixels session; those whose quality isn't "good" are
            left out.
        average: pixels a side that become one: 918 x 1174 become 51 x 65.

    Returns:
        A `Recording` with `repeats`: spikes in 250 ms from 50 ms after a scene's onset,
        or dF/F averaged over 500 ms from it. Columns `neurons/unit`, for Neuropixels
        `neurons/coordinates` (of the electrode, as published).

    Raises:
        OSError: it is not there.
        ValueError: it is malformed, or a session without natural scenes; names the
            file.
    """
    path = local("allen_scenes", path, SOURCE)
    files = sorted(path.rglob("*.nwb")) if path.is_dir() else [path]
    if len(files) != 1:
        raise ValueError(
            f"{path}: expected one session's .nwb file, found {len(files)}: name it by"
            " --path"
        )
    with naming(files[0]):
        with h5py.File(files[0], "r") as file:
            if "units" in file:
                shown, trials, columns = _spikes(file, area)
                images = _templates(files[0].parent, average)
            else:
                shown, trials, columns = _calcium(file)
                images = _template_stack(file, average)
    wrong = set(np.unique(shown)) - set(range(len(images)))
    if wrong:
        raise ValueError(
            f"{files[0]}: scenes {sorted(wrong)[:5]} were shown, but there are"
            f" {len(images)} templates"
        )
    places = [np.flatnonzero(shown == scene) for scene in range(len(images))]
    if min(map(len, places)) == 0:
        raise ValueError(
            f"{files[0]}: of {len(images)} scenes {sum(len(p) == 0 for p in places)}"
            " were never shown"
        )
    spikes = "coordinates" in columns
    trials = stack_repeats(trials, places)
    return Recording(
        images,
        mean_response(trials, axis=1),
        repeats=trials,
        repeat_images=np.arange(len(images)),
        neurons=columns,
        attributes={
            "name": f"allen_scenes_{files[0].stem}",
            "units": "spikes per presentation" if spikes else "dF/F",
            "species": "mouse",
            "area": area if spikes else "visual cortex",
            "technique": (
                "Neuropixels, awake" if spikes else "two-photon calcium imaging, awake"
            ),
            "license": (
                "Allen Institute terms of use,"
                " http://www.alleninstitute.org/legal/terms-use/"
            ),
            "citation": (
                "Siegle et al., Nature 592:86, 2021"
                if spikes
                else "de Vries et al., Nature Neuroscience 23:138, 2020"
            ),
            "source": SOURCE,
        }
        | ({"window_s": WINDOW_S} if spikes else {}),
    )


def _numbers(file, name, ndim=1, most=LARGEST_FILE):
    if not isinstance(file.get(name), h5py.Dataset):
        raise ValueError(
            f"no dataset {name}; expected a session with natural scenes, in NWB 2"
        )
    dataset = file[name]
    if dataset.ndim != ndim or not dataset.size or dataset.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} is {dataset.shape} {dataset.dtype}, expected {ndim} axes of"
            " numbers"
        )
    if dataset.size * dataset.dtype.itemsize > most:
        raise ValueError(
            f"{name} declares the shape {dataset.shape}, which is too large"
        )
    return dataset[...] if most < np.inf else dataset


def _scenes(frames, onsets, name):
    """Scenes and their onsets without the blank screens."""
    if frames.shape != onsets.shape or not np.isfinite(onsets).all():
        raise ValueError(
            f"{name}: {frames.size} scenes and {onsets.size} times; expected a time"
            " each"
        )
    if not np.array_equal(frames, np.round(frames)):
        raise ValueError(f"{name} holds what is no number of a scene")
    chosen = ~np.isin(frames, _BLANKS)
    return frames[chosen].astype(np.int64), onsets[chosen]


def _spikes(file, area):
    table = "intervals/natural_scenes_presentations"
    shown, onsets = _scenes(
        _numbers(file, f"{table}/frame"),
        _numbers(file, f"{table}/start_time"),
        f"{table}/frame",
    )
    electrodes = "general/extracellular_ephys/electrodes"
    channels = _numbers(file, f"{electrodes}/id").tolist()
    where = file[f"{electrodes}/location"].asstr()[...]
    units, peaks, ends = (
        _numbers(file, f"units/{name}")
        for name in ("id", "peak_channel_id", "spike_times_index")
    )
    quality = (
        file["units/quality"].asstr()[...]
        if "units/quality" in file
        else np.full(units.shape, "good")
    )
    times = _numbers(
        file, "units/spike_times", most=np.inf
    )  # a gigabyte: read by units
    if not len(units) == len(peaks) == len(ends) == len(quality) or len(where) != len(
        channels
    ):
        raise ValueError(
            f"units: {len(units)} ids, {len(peaks)} channels, {len(ends)} spike trains;"
            " expected one each"
        )
    if ends[-1] != len(times) or (np.diff(ends.astype(np.int64)) < 0).any():
        raise ValueError(
            f"units/spike_times_index ends at {ends[-1]}, expected to rise to the"
            f" {len(times)} spike times"
        )
    unknown = set(peaks.tolist()) - set(channels)
    if unknown:
        raise ValueError(
            f"units/peak_channel_id names {sorted(unknown)[:3]}, which are no"
            " electrodes"
        )
    rows = np.array([channels.index(peak) for peak in peaks.tolist()])
    chosen = np.flatnonzero((where[rows] == area) & (quality == "good"))
    if not chosen.size:
        raise ValueError(
            f"no good unit in {area}; there are units in"
            f" {', '.join(sorted(set(where[rows])))}"
        )
    begins = np.append(0, ends[:-1]).astype(np.int64)
    start = onsets + LATENCY_S
    trials = np.empty((len(shown), chosen.size), np.float32)
    for column, unit in enumerate(chosen):
        spikes = np.sort(times[begins[unit] : int(ends[unit])])
        trials[:, column] = np.searchsorted(spikes, start + WINDOW_S) - np.searchsorted(
            spikes, start
        )
    places = np.stack(
        [_numbers(file, f"{electrodes}/{axis}")[rows[chosen]] for axis in "xyz"], axis=1
    )
    return shown, trials, {"unit": units[chosen], "coordinates": places}


def _calcium(file):
    table, series = (
        "stimulus/presentation/natural_scenes_stimulus",
        "processing/ophys/DfOverF/DfOverF",
    )
    shown, onsets = _scenes(
        _numbers(file, f"{table}/data"),
        _numbers(file, f"{table}/timestamps"),
        f"{table}/data",
    )
    traces, times = (
        _numbers(file, f"{series}/data", 2),
        _numbers(file, f"{series}/timestamps"),
    )
    if len(traces) != len(times) or (np.diff(times) <= 0).any():
        raise ValueError(
            f"{series}/data is {traces.shape}, expected ({len(times)} rising times,"
            " neurons)"
        )
    first, last = (
        np.searchsorted(times, onsets),
        np.searchsorted(times, onsets + CALCIUM_S),
    )
    if (first == last).any() or onsets.max() + CALCIUM_S > times[-1] + np.diff(
        times
    ).max():
        raise ValueError(
            f"{series}/timestamps ends at {times[-1]} s, expected samples of every"
            f" scene, the last at {onsets.max()} s"
        )
    trials = np.stack(
        [traces[a:b].mean(axis=0) for a, b in zip(first, last, strict=True)]
    )
    return shown, trials, {"unit": np.arange(traces.shape[1])}


def _template_stack(file, average):
    group = file.get("stimulus/templates/natural_scenes_template")
    if not isinstance(group, h5py.Group):
        raise ValueError(
            "no group stimulus/templates/natural_scenes_template; expected the scenes"
            " in it"
        )
    numbers = {
        int(match[1]): group[name]
        for name in group
        if (match := re.fullmatch(r"NaturalScene(\d+)", name))
    }
    return _stacked(
        {number: dataset[...] for number, dataset in numbers.items()}, average
    )


def _templates(folder, average):
    found = {
        int(m[1]): p
        for p in folder.rglob("natural_scene_*.tiff")
        if (m := re.fullmatch(r"natural_scene_(\d+)", p.stem))
    }
    if not found:
        raise ValueError(
            f"no natural_scene_templates/natural_scene_0.tiff in {folder}; expected the"
            f" scenes there, from {SOURCE}"
        )
    pictures = {}
    for number, path in found.items():
        with naming(path), Image.open(path, formats=["TIFF"]) as image:
            pictures[number] = np.asarray(image.convert("L"))
    return _stacked(pictures, average)


def _stacked(pictures, average):
    """All scenes in order, each averaged over squares of pixels, what doesn't fill a
    square cut off on all sides alike.
    """
    shapes = {picture.shape for picture in pictures.values()}
    if sorted(pictures) != list(range(len(pictures))) or len(shapes) != 1:
        raise ValueError(
            f"found {len(pictures)} scenes of the shapes {sorted(shapes)}, expected"
            " scenes 0, 1, ... of one shape"
        )
    stack = np.stack([pictures[number] for number in range(len(pictures))])
    if (
        stack.ndim != 3
        or stack.dtype.kind not in "uif"
        or min(stack.shape[1:]) < average
    ):
        raise ValueError(
            f"scenes are {stack.shape[1:]} {stack.dtype}, expected at least {average}"
            " pixels a side"
        )
    for axis in (1, 2):
        rest = stack.shape[axis] % average
        stack = np.take(
            stack, np.arange(rest // 2, stack.shape[axis] - (rest - rest // 2)), axis
        )
    count, height, width = stack.shape
    return stack.reshape(
        count, height // average, average, width // average, average
    ).mean(axis=(2, 4), dtype=np.float32)
