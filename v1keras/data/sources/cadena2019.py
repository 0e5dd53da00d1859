"""Cadena et al. 2019: 166 neurons of awake macaque V1, 7,250 images.

Each image was presented up to four times. As published:
`data_binned_responses/cadena_ploscb_data.pkl` (alone, or in the publishers' zip), a
pickled dictionary of `images` `(7250, 140, 140)`, `responses` `(4, 7250, 166)` spike
counts of 40 to 100 ms after the image came on, NaN where a neuron did not see a
presentation (sessions had two or four), `image_types` `(7250, 1)` ("original", or
"conv1" to "conv4": textures synthesised from it), `image_numbers` `(7250, 1)` (which
original), `subject_id`, `session_id`, `unit_id` and `repetitions` `(166,)`. It is read
without unpickling.

Layout, types, the crop, the split and which sessions had two presentations are as in
the authors' code, github.com/sacadena/Cadena2019PlosCB (cnn_sys_ident/data.py). That
spikes are of 40 to 100 ms, and that 140 pixels are 2 degrees, stands neither there nor
in the file: it is from the paper's Methods.

Cadena et al., PLoS Computational Biology 15(4):e1006897, 2019. Data:
https://gin.g-node.org/doi/Cadena_PlosCB19_data, CC BY-NC-ND 4.0: its authors ask to be
asked before a new analysis is published.
"""

import zipfile

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources import safe_pickle
from v1keras.data.sources.locate import locate
from v1keras.data.sources.trials import mean_response
from v1keras.data.validation import TEST, TRAIN, VALIDATION
from v1keras.io.archives import Folder
from v1keras.io.foreign import errors_naming

_DOI = "2e31e304e03d6357c98ac735a1fe5788"
URL = f"https://doid.gin.g-node.org/{_DOI}/{_DOI}.zip"
_FILE = "cadena_ploscb_data.pkl"
_TYPES = ("original", "conv1", "conv2", "conv3", "conv4")
_KEYS = (
    "images",
    "responses",
    "image_types",
    "image_numbers",
    "subject_id",
    "session_id",
    "unit_id",
    "repetitions",
)
_CROP, _STEP = 30, 2  # of the 140 pixels: what the authors' models saw


def read(path=None):
    """Read the recording.

    Args:
        path: Path of the .pkl file, of the publishers' zip, or of its folder. Defaults
            to `cadena2019/cadena_ploscb_data.zip` in the folder that `V1KERAS_DATA`
            names, or to a download.

    Returns:
        `Recording` of 7,250 images, 40 x 40 pixels (the central 80, every second: the
        authors' preprocessing), `repeats` `(7250, 4, 166)`, `covariates/image_type`;
        split as the authors': the last fifth of the images for testing, of the others a
        fifth drawn (seed 1000) for validation; `image_group` says which images come
        from one original.

    Raises:
        OSError: It is not there.
        ValueError: It is malformed; names the file.
    """
    path = locate("cadena2019", path, URL, "cadena_ploscb_data.zip", URL)
    if path.is_dir() or zipfile.is_zipfile(path):
        with Folder(path) as folder:
            name = folder.find(_FILE)
            content, file = folder.read(name), f"{path}: {name}"
    else:
        content, file = path.read_bytes(), str(path)
    with errors_naming(file):
        return _recording(_checked(safe_pickle.load(content)))


def _checked(content):
    """Return the arrays of the pickled dictionary, once their shapes are checked."""
    if not isinstance(content, dict) or not set(_KEYS) <= set(content):
        description = type(content).__name__
        if isinstance(content, dict):
            description = ", ".join(map(str, content))
        raise ValueError(
            f"holds {description}; expected a dictionary with {', '.join(_KEYS)}"
        )
    arrays = {key: np.asarray(content[key]) for key in _KEYS}
    images, trials = arrays["images"], arrays["responses"]
    fits = images.ndim == 3 and images.shape[1:] == (140, 140)
    if not fits or images.dtype.kind not in "uif":
        raise ValueError(
            f"images is {images.shape} {images.dtype}, expected (images, 140, 140)"
            " numbers"
        )
    fits = trials.ndim == 3 and trials.shape[1] == len(images)
    if not fits or trials.dtype.kind not in "uif":
        raise ValueError(
            f"responses is {trials.shape} {trials.dtype}, expected (presentations,"
            f" {len(images)} images, neurons) numbers"
        )
    if (trials < 0).any() or np.isinf(trials).any():
        raise ValueError("responses holds what is not a number of spikes")
    repetitions = arrays["repetitions"]
    most = repetitions.max(initial=0) if repetitions.dtype.kind in "uif" else "words"
    if most != len(trials):
        raise ValueError(
            f"repetitions goes up to {most}, but responses holds {len(trials)}"
            " presentations"
        )
    types = _texts(arrays["image_types"])
    if types.shape != (len(images),) or not np.isin(types, _TYPES).all():
        raise ValueError(
            f"image_types holds {types.size} entries such as {types[:1].tolist()},"
            f" expected one of {', '.join(_TYPES)} for each image"
        )
    return arrays


def _recording(arrays):
    """Return the recording of the published arrays."""
    images, trials = arrays["images"], arrays["responses"]
    if images.dtype != np.uint8 and np.array_equal(images, images.astype(np.uint8)):
        images = images.astype(np.uint8)
    count = len(images)
    train = int(0.8 * count)
    split = np.full(count, TEST)
    split[:train] = TRAIN
    order = np.random.RandomState(1000).permutation(train)
    split[order[round(0.8 * train) :]] = VALIDATION
    return Recording(
        images[:, _CROP:-_CROP:_STEP, _CROP:-_CROP:_STEP],
        mean_response(trials, axis=0),
        split=split,
        repeats=trials.swapaxes(0, 1),
        repeat_images=np.arange(count),
        image_group=arrays["image_numbers"].ravel(),
        neuron_session=_texts(arrays["session_id"]),
        neurons={
            "subject": _texts(arrays["subject_id"]),
            "unit": arrays["unit_id"].ravel(),
            "presentations": arrays["repetitions"].ravel(),
        },
        covariates={"image_type": _texts(arrays["image_types"])},
        attributes={
            "name": "cadena2019",
            "units": "spikes per presentation",
            "window_s": 0.06,
            "pixels_per_degree": 140 / 2 / _STEP,
            "species": "macaque",
            "area": "V1",
            "technique": "silicon probe, awake",
            "license": (
                "CC BY-NC-ND 4.0; its authors ask to be asked before a new analysis is"
                " published"
            ),
            "citation": (
                "Cadena et al., PLoS Computational Biology 15(4):e1006897, 2019"
            ),
            "source": URL,
        },
    )


def _texts(array):
    """Return strings out of the nested cells that MATLAB's strings become."""
    return np.array([_text(item) for item in array.ravel()])


def _text(item):
    """Return one string out of nested cells."""
    while isinstance(item, np.ndarray) and item.size:
        item = item.ravel()[0]
    return item.decode() if isinstance(item, bytes) else str(item)
