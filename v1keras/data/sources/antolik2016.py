"""Antolik et al. 2016: mouse V1, three imaged regions of two animals, natural images.

As published (supplement S1, a zip): `Data/region1/` ... `region3/`, each with
`training_inputs.npy` `(n, 961)`, an image of 31 x 31 pixels a row, `training_set.npy`
`(n, neurons)`, one response an image, `validation_inputs.npy` `(50, 961)` and
`raw_validation_set.npy` `(repeats, 50, neurons)`, images shown several times. 103, 55
and 102 neurons.

A response is in arbitrary units: the authors' code (github.com/antolikjan/lscsm,
dataimport.py) reads what was inferred of spikes from the calcium signal,
`spiking_3-7.dat`, and divides it by 0.028.

Antolik, Hofer, Bednar & Mrsic-Flogel, PLoS Computational Biology 12(6):e1004927, 2016,
CC BY.
"""

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources.locate import locate
from v1keras.data.validation import TEST, TRAIN, VALIDATION
from v1keras.io.archives import Folder

URL = "https://doi.org/10.1371/journal.pcbi.1004927.s001"
_SIDE = 31
_NAMES = (
    "training_inputs",
    "training_set",
    "validation_inputs",
    "raw_validation_set",
)


def read(path=None, region=1):
    """Read one region.

    Args:
        path: Path of the supplement, zipped or unpacked. Defaults to
            `antolik2016/Data.zip` in the folder that `V1KERAS_DATA` names, or to a
            download.
        region: Integer, 1, 2 or 3.

    Returns:
        `Recording`: images in the published units, the validation images marked for
        testing, with their `repeats`; of the others a fifth, drawn as Klindt et al.
        2017 drew them (seed 1), for validation.

    Raises:
        OSError: It is not there.
        ValueError: It is malformed; names the file.
    """
    path = locate("antolik2016", path, URL, "Data.zip", URL)
    arrays = _arrays(path, region)
    images, tested = arrays["training_inputs"], arrays["validation_inputs"]
    responses, repeats = arrays["training_set"], arrays["raw_validation_set"]
    count = len(images)
    split = np.full(count, TRAIN)
    order = np.random.RandomState(1).permutation(count)
    split[order[round(0.8 * count) :]] = VALIDATION
    return Recording(
        np.concatenate([images, tested]).reshape(-1, _SIDE, _SIDE),
        np.concatenate([responses, repeats.mean(axis=0)]),
        split=np.append(split, np.full(len(tested), TEST)),
        repeats=repeats.swapaxes(0, 1),
        repeat_images=count + np.arange(len(tested)),
        attributes={
            "name": f"antolik2016_region{region}",
            "units": "inferred spikes, arbitrary units",
            "presentations": 1,
            "species": "mouse",
            "area": "V1",
            "technique": "two-photon calcium imaging, anaesthetised",
            "license": "CC BY 4.0",
            "citation": (
                "Antolik, Hofer, Bednar & Mrsic-Flogel, PLoS Computational Biology"
                " 12(6):e1004927, 2016"
            ),
            "source": URL,
        },
    )


def _arrays(path, region):
    """Return the arrays of a region by name, once they fit together."""
    arrays = {}
    with Folder(path) as folder:
        for name in _NAMES:
            file = folder.find(f"region{region}/{name}.npy")
            arrays[name] = folder.npy(file)
            if arrays[name].dtype.kind not in "iuf":
                raise ValueError(
                    f"{path}: {file} holds {arrays[name].dtype}, expected numbers"
                )
    responses, repeats = arrays["training_set"], arrays["raw_validation_set"]
    neurons = responses.shape[-1]
    tested = repeats.shape[1] if repeats.ndim == 3 else 50
    shapes = {
        "training_inputs": (len(responses), _SIDE**2),
        "training_set": (len(arrays["training_inputs"]), neurons),
        "validation_inputs": (tested, _SIDE**2),
        "raw_validation_set": (len(repeats), len(arrays["validation_inputs"]), neurons),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(
                f"{path}: region{region}/{name}.npy is {arrays[name].shape}, expected"
                f" {shape}"
            )
    return arrays
