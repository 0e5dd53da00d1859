"""Cadena et al. 2019: 166 neurons of awake macaque V1, 7,250 images, up to four
presentations of each.

As published: `data_binned_responses/cadena_ploscb_data.pkl` (alone, or in the
publishers' zip), a pickled dictionary of `images` `(7250, 140, 140)`, `responses` `(4,
7250, 166)` spike counts of 40 to 100 ms after the image came on, NaN where a neuron did
not see a presentation (sessions had two or four), `image_types` `(7250, 1)`
("original", or "conv1" to "conv4": textures synthesised from it), `image_numbers`
`(7250, 1)` (which original), `subject_id`, `session_id`, `unit_id` and `repetitions`
`(166,)`. It is read without unpickling.

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
from v1keras.data.sources.archives import Folder, naming
from v1keras.data.sources.locate import local
from v1keras.data.sources.safe_pickle import unpickled
from v1keras.data.sources.trials import mean_response
from v1keras.data.validation import TEST, TRAIN, VALIDATION

URL = "https://doid.gin.g-node.org/2e31e304e03d6357c98ac735a1fe5788/2e31e304e03d6357c98ac735a1fe5788.zip"
_FILE = "cadena_ploscb_data.pkl"
_TYPES = ("original", "conv1", "conv2", "conv3", "conv4")
_CROP, _STEP = 30, 2  # of the 140 pixels: what the authors' models saw


def read(path=None):
    """The recording.

    Args:
        path: the .pkl file, the publishers' zip, or its folder; where left out,
            `cadena2019/cadena_ploscb_data.zip` in the folder that `V1KERAS_DATA` names,
            or downloaded.

    Returns:
        A `Recording` of 7,250 images, 40 x 40 pixels (the central 80, every second: the
        authors' preprocessing), `repeats` `(7250, 4, 166)`, `covariates/image_type`; split
        as the authors': the last fifth of the images for testing, of the others a fifth
        drawn (seed 1000) for validation; `image_group` says which images come from one
        original.

    Raises:
        OSError: it is not there.
        ValueError: it is malformed; names the file.
    """
    path = local("cadena2019", path, URL, "cadena_ploscb_data.zip", URL)
    if path.is_dir() or zipfile.is_zipfile(path):
        with Folder(path) as folder:
            name = folder.find(_FILE)
            content, where = folder.read(name), f"{path}: {name}"
    else:
        content, where = path.read_bytes(), str(path)
    with naming(where):
        return _recording(unpickled(content))


def _recording(content):
    keys = (
        "images",
        "responses",
        "image_types",
        "image_numbers",
        "subject_id",
        "session_id",
        "unit_id",
        "repetitions",
    )
    if not isinstance(content, dict) or not set(keys) <= set(content):
        found = (
            ", ".join(map(str, content))
            if isinstance(content, dict)
            else type(content).__name__
        )
        raise ValueError(f"holds {found}; expected a dictionary with {', '.join(keys)}")
    arrays = {key: np.asarray(content[key]) for key in keys}
    images, trials = arrays["images"], arrays["responses"]
    if (
        images.ndim != 3
        or images.shape[1:] != (140, 140)
        or images.dtype.kind not in "uif"
    ):
        raise ValueError(
            f"images is {images.shape} {images.dtype}, expected (images, 140, 140)"
            " numbers"
        )
    if (
        trials.ndim != 3
        or trials.shape[1] != len(images)
        or trials.dtype.kind not in "uif"
    ):
        raise ValueError(
            f"responses is {trials.shape} {trials.dtype}, expected (presentations,"
            f" {len(images)} images, neurons) numbers"
        )
    if (trials < 0).any() or np.isinf(trials).any():
        raise ValueError("responses holds what is no number of spikes")
    if arrays["repetitions"].dtype.kind not in "uif" or arrays["repetitions"].max(
        initial=0
    ) != len(trials):
        raise ValueError(
            f"repetitions goes up to {arrays['repetitions'].max(initial=0)}, but"
            f" responses holds {len(trials)} presentations"
        )
    types = np.array([_text(item) for item in arrays["image_types"].ravel()])
    if types.shape != (len(images),) or not np.isin(types, _TYPES).all():
        raise ValueError(
            f"image_types holds {types.size} entries such as {types[:1].tolist()},"
            f" expected one of {', '.join(_TYPES)} for each image"
        )
    if images.dtype != np.uint8 and np.array_equal(images, images.astype(np.uint8)):
        images = images.astype(np.uint8)
    count = len(images)
    train = int(0.8 * count)
    split = np.full(count, TEST)
    split[:train] = TRAIN
    split[np.random.RandomState(1000).permutation(train)[round(0.8 * train) :]] = (
        VALIDATION
    )
    return Recording(
        images[:, _CROP:-_CROP:_STEP, _CROP:-_CROP:_STEP],
        mean_response(trials, axis=0),
        split=split,
        repeats=trials.swapaxes(0, 1),
        repeat_images=np.arange(count),
        image_group=arrays["image_numbers"].ravel(),
        neuron_session=[_text(item) for item in arrays["session_id"].ravel()],
        neurons={
            "subject": np.array([_text(item) for item in arrays["subject_id"].ravel()]),
            "unit": arrays["unit_id"].ravel(),
            "presentations": arrays["repetitions"].ravel(),
        },
        covariates={"image_type": types},
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


def _text(item):
    """A string out of the nested cells that MATLAB's strings become."""
    while isinstance(item, np.ndarray) and item.size:
        item = item.ravel()[0]
    return item.decode() if isinstance(item, bytes) else str(item)
