"""CRCNS pvc-8 (Kohn & Coen-Cagli 2015): macaque V1, natural images and gratings.

Spikes of Utah arrays, presentation by presentation.

As published: ten session files `01.mat` ... `10.mat`, each with `resp_train` uint8
`(units, 956, 20, 105 or 106)`, spikes in 1 ms bins while the stimulus is on,
`resp_train_blk` uint8 `(units, 956, 20, 211)`, the same after it, `images` a cell array
of 956 pictures of 320 x 320 uint8, `INDCENT` `(units, 1)`, 1 for units whose receptive
field is well centred, `RF_SPATIAL` `(units, 5)` and `RF_TUNING` `(units, 4)`. The
stimuli, counted from 1, the first index fastest: 1-540 natural images (2 sizes, 9
categories, 30 images), 541-668 gratings (4 phases, 4 orientations, 8 spatial
frequencies), 669-732 gratings (4 phases, 16 orientations), 733-956 gratings (4 phases,
patch or annulus, 7 radii, 4 orientations). Large images are 6.7 degrees wide in
sessions 01-07, 3 degrees in 08-10.

doi:10.6080/K0SB43P8; Coen-Cagli, Kohn & Schwartz, Nature Neuroscience 18:1648, 2015.
Terms: scientific use, an account at crcns.org, no redistribution.
"""

import pathlib

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources import matlab
from v1keras.data.sources.locate import locate
from v1keras.data.sources.pvc8_gratings import gratings
from v1keras.data.sources.trials import mean_response

SOURCE = (
    "https://crcns.org/data-sets/vc/pvc-8, with a free account whose terms are accepted"
    " there"
)
STIMULI, REPEATS = 956, 20
# Of the response behind the stimulus, as in the publishers' own analysis.
LATENCY_MS = 50
PIXELS_PER_DEGREE = 48.0
# The paper chose its hyperparameters on this session and left it out of its results.
TUNING_SESSION = "02"
# For each kind: the stimuli (counted from 0), the side of the central square that is
# kept, and the step between the pixels kept of it. Of the small images what kindel2019
# holds: turned copies there are equal pixel by pixel, which fits pixels left out, not
# averaged.
KINDS = {
    "small": (np.arange(0, 540, 2), 66, 2),
    "large": (np.arange(1, 540, 2), 320, 4),
    "gratings": (np.arange(540, 956), 320, 4),
}
_LARGE_SESSIONS = [f"{session:02d}" for session in range(1, 8)]
_ARRAYS = (
    "resp_train",
    "resp_train_blk",
    "images",
    "INDCENT",
    "RF_SPATIAL",
    "RF_TUNING",
)


def read(path=None, kind="small"):
    """Read every session file that is there, as one population.

    Args:
        path: Path of the folder of session files, or of one of them. Defaults to the
            folder `pvc8` in the one that `V1KERAS_DATA` names.
        kind: "small": the 270 natural images within the receptive fields, as Kindel et
            al. 2019 used them; "large": the same photographs, large (sessions 01-07);
            "gratings": 416 gratings, with `covariates/orientation` and so on.

    Returns:
        `Recording` of the well-centred units, `repeats` `(images, 20, neurons)` spike
        counts, columns `neurons/unit` (row in the session's file), `neurons/rf_spatial`
        and `neurons/rf_tuning` as published; `image_group` and `for_tuning` as in
        kindel2019.

    Raises:
        FileNotFoundError: There is no session file.
        ValueError: A file is malformed, or the sessions saw different images; names the
            file.
    """
    files = _session_files(locate("pvc8", path, SOURCE), kind)
    sessions = [_session(file, kind) for file in files]
    images = sessions[0]["images"]
    for file, session in zip(files, sessions, strict=True):
        if not np.array_equal(session["images"], images):
            raise ValueError(f"{file}: its {kind} stimuli are not those of {files[0]}")
    counts = np.concatenate([session["counts"] for session in sessions], axis=2)
    units = [session["counts"].shape[2] for session in sessions]
    labels = np.repeat([file.stem for file in files], units)
    columns = {}
    for name in ("unit", "rf_spatial", "rf_tuning"):
        columns[name] = np.concatenate([session[name] for session in sessions])
    if kind == "gratings":
        groups, covariates = None, gratings()
    else:
        columns["for_tuning"] = (labels == TUNING_SESSION).astype(np.uint8)
        groups = photographs(len(images))
        covariates = {"category": np.arange(len(images)) % 9}
    bins = np.repeat([session["bins"] for session in sessions], units)
    return Recording(
        images,
        mean_response(counts, axis=1),
        repeats=counts,
        repeat_images=np.arange(len(images)),
        image_group=groups,
        neuron_session=labels,
        neurons=columns,
        covariates=covariates,
        attributes={
            "name": "pvc8" if kind == "small" else f"pvc8_{kind}",
            "units": "spikes per presentation",
            # 105 or 106 ms: that of most neurons.
            "window_s": np.bincount(bins).argmax() / 1000,
            "pixels_per_degree": PIXELS_PER_DEGREE / KINDS[kind][2],
            "species": "macaque",
            "area": "V1",
            "technique": "Utah array, anaesthetised",
            "license": "CRCNS terms of use: scientific use, no redistribution",
            "citation": (
                "Kohn & Coen-Cagli, CRCNS pvc-8, doi:10.6080/K0SB43P8; Coen-Cagli, Kohn"
                " & Schwartz, Nature Neuroscience 18:1648, 2015"
            ),
            "source": SOURCE,
        },
    )


def photographs(count):
    """Return the number of the photograph that each natural image of one size shows.

    Of each nine images, two photographs come in four rotations and one alone.

    Args:
        count: Integer, number of images.

    Example:

    >>> photographs(10).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 3]
    """
    image = np.arange(count)
    return image // 9 * 3 + np.array([0, 0, 0, 0, 1, 1, 1, 1, 2])[image % 9]


def _session_files(path, kind):
    """Return the session files of a folder, or the one given, that have the kind."""
    files = sorted(path.glob("[0-9][0-9].mat")) if path.is_dir() else [path]
    if kind != "small" and len(files) != 1:
        files = [file for file in files if file.stem in _LARGE_SESSIONS]
    if not files:
        raise FileNotFoundError(
            f"no session file 01.mat ... 10.mat in {path}; expected those of {SOURCE}"
        )
    return files


def _session(path, kind):
    """Return the images, counts and columns of one session's well-centred units."""
    path = pathlib.Path(path)
    content = matlab.read(path, _ARRAYS)
    centred = content["INDCENT"].ravel()
    _check_session(path, content, centred)
    stimuli, side, step = KINDS[kind]
    train, blank = content["resp_train"], content["resp_train_blk"]
    chosen = np.flatnonzero(centred == 1)
    counts = []
    for unit in chosen:
        counts.append(_counts(path, train[unit][stimuli], blank[unit][stimuli]))
    return {
        "images": _images(path, content["images"], stimuli, side, step),
        "counts": np.stack(counts, axis=2),
        "bins": train.shape[3],
        "unit": chosen,
        "rf_spatial": content["RF_SPATIAL"][chosen],
        "rf_tuning": content["RF_TUNING"][chosen],
    }


def _check_session(path, content, centred):
    """Raise a `ValueError` where an array of a session has an unexpected shape."""
    units = centred.size
    bins = {"resp_train": LATENCY_MS + 1, "resp_train_blk": LATENCY_MS}
    for name, least in bins.items():
        array = content[name]
        shape = (units, STIMULI, REPEATS)
        fits = array.ndim == 4 and array.shape[:3] == shape and array.shape[3] >= least
        if not fits or array.dtype.kind not in "biuf":
            raise ValueError(
                f"{path}: {name} is {array.shape} {array.dtype}, expected ({units}"
                f" units, {STIMULI}, {REPEATS}, {least} or more ms)"
            )
    if not np.isin(centred, [0, 1]).all() or not centred.any():
        raise ValueError(
            f"{path}: INDCENT holds {np.unique(centred).tolist()[:5]}, expected 1 for"
            " centred units and 0 for others"
        )
    for name in ("RF_SPATIAL", "RF_TUNING"):
        array = content[name]
        fits = array.ndim == 2 and len(array) == units
        if not fits or array.dtype.kind not in "biuf":
            raise ValueError(
                f"{path}: {name} is {array.shape} {array.dtype}, expected ({units}"
                " units, numbers)"
            )


def _counts(path, train, blank):
    """Return `(images, 20)` spikes of one unit; NaN where no bin was recorded.

    They are counted from 50 ms after the presentation began to 50 ms after it ended.
    """
    shifted = np.concatenate([train[..., LATENCY_MS:], blank[..., :LATENCY_MS]], axis=2)
    missing = np.isnan(shifted).all(axis=2) if shifted.dtype.kind == "f" else False
    counts = np.nansum(shifted, axis=2, dtype=np.float32)
    if (counts < 0).any() or (counts != np.round(counts)).any():
        raise ValueError(
            f"{path}: resp_train holds what is not a number of spikes, expected whole"
            " numbers from 0"
        )
    return np.where(missing, np.float32(np.nan), counts)


def _images(path, cells, stimuli, side, step):
    """Return the central squares of the stimuli, with pixels left out."""
    if cells.dtype != object or cells.size != STIMULI:
        raise ValueError(
            f"{path}: images is {cells.shape} {cells.dtype}, expected a cell array of"
            f" {STIMULI}"
        )
    pictures = []
    for stimulus in stimuli:
        picture = np.asarray(cells.ravel()[stimulus])
        if picture.shape != (320, 320) or picture.dtype != np.uint8:
            raise ValueError(
                f"{path}: picture {stimulus + 1} is {picture.shape} {picture.dtype},"
                " expected (320, 320) uint8"
            )
        edge = (320 - side) // 2
        pictures.append(picture[edge : edge + side : step, edge : edge + side : step])
    return np.stack(pictures)
