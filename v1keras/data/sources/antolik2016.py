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
from v1keras.data.sources.archives import Folder
from v1keras.data.sources.locate import local
from v1keras.data.validation import TEST, TRAIN, VALIDATION

URL = "https://doi.org/10.1371/journal.pcbi.1004927.s001"
_SIDE = 31


def read(path=None, region=1):
    """One region.

    Args:
        path: the supplement, zipped or unpacked; where left out, `antolik2016/Data.zip`
            in the folder that `V1KERAS_DATA` names, or downloaded.
        region: 1, 2 or 3.

    Returns:
        A `Recording`: images in the published units, the validation images marked for
        testing, with their `repeats`; of the others a fifth, drawn as Klindt et al.
        2017 drew them (seed 1), for validation.

    Raises:
        OSError: it is not there.
        ValueError: it is malformed; names the file.
    """
    path = local("antolik2016", path, URL, "Data.zip", URL)
    with Folder(path) as folder:
        arrays = {}
        for name in (
            "training_inputs",
            "training_set",
            "validation_inputs",
            "raw_validation_set",
        ):
            file = folder.find(f"region{region}/{name}.npy")
            arrays[name] = folder.npy(file)
            if arrays[name].dtype.kind not in "iuf":
                raise ValueError(
                    f"{path}: {file} holds {arrays[name].dtype}, expected numbers"
                )
    shown, seen = arrays["training_inputs"], arrays["validation_inputs"]
    responses, repeats = arrays["training_set"], arrays["raw_validation_set"]
    neurons = responses.shape[-1]
    expected = {
        "training_inputs": (len(responses), _SIDE**2),
        "training_set": (len(shown), neurons),
        "validation_inputs": (repeats.shape[1] if repeats.ndim == 3 else 50, _SIDE**2),
        "raw_validation_set": (len(repeats), len(seen), neurons),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(
                f"{path}: region{region}/{name}.npy is {arrays[name].shape}, expected"
                f" {shape}"
            )
    split = np.full(len(shown), TRAIN)
    split[
        np.random.RandomState(1).permutation(len(shown))[round(0.8 * len(shown)) :]
    ] = VALIDATION
    return Recording(
        np.concatenate([shown, seen]).reshape(-1, _SIDE, _SIDE),
        np.concatenate([responses, repeats.mean(axis=0)]),
        split=np.append(split, np.full(len(seen), TEST)),
        repeats=repeats.swapaxes(0, 1),
        repeat_images=len(shown) + np.arange(len(seen)),
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
