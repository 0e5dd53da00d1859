"""Kindel, Christensen & Zylberberg (J. Vision 2019): macaque V1, natural images.

Ten array recordings of 270 images.
"""

import io

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources import matlab
from v1keras.data.sources.locate import fetch_verified
from v1keras.data.sources.pvc8 import TUNING_SESSION, photographs
from v1keras.io.archives import Folder
from v1keras.io.foreign import errors_naming

URL = (
    "https://raw.githubusercontent.com/jzlab/v1_predictor/"
    "ff90ece8a2fe4888baa2d4eaea005a06b8f45b31/data/data.tar.gz"
)
SHA256 = "b105467f426b209095a5935d425250ac214713542e11b51f86ad651c18862364"


def read(path=None):
    """Read the published recordings as one population of 392 neurons.

    Args:
        path: Path of the authors' archive. Defaults to the one that `V1KERAS_DATA` or
            the publisher has.

    Returns:
        `Recording` of 270 images of 33 x 33 pixels with a session label per neuron;
        `image_group` says which images are views of one photograph; the column
        `for_tuning` marks the session that the paper left out of its results.
    """
    return read_archive(
        fetch_verified("kindel2019", "data.tar.gz", URL, SHA256, path=path)
    )


def read_archive(path):
    """Read the authors' `data.tar.gz`: ten `data/NNmean50ms_smallim_d2_crop.mat`.

    Args:
        path: Path of the archive; each .mat file holds `images` `(n, h, w)` and
            `activity` `(n, neurons)`, mean spike counts.

    Raises:
        ValueError: The archive holds no such files, or files that don't belong
            together.
    """
    contents = {}
    with Folder(path) as folder:
        for name in folder.in_order:
            if name.endswith(".mat"):
                stream = io.BytesIO(folder.read(name))
                variables = ["images", "activity"]
                contents[name] = matlab.read(stream, variables, f"{path}: {name}")
    contents = dict(sorted(contents.items()))
    if not contents:
        raise ValueError(
            f"{path}: found no .mat file, expected data/NNmean50ms_smallim_d2_crop.mat"
        )
    first = next(iter(contents))
    images = contents[first]["images"]
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"{path}: images of {first} is {images.shape} {images.dtype}, expected"
            " (images, height, width) uint8"
        )
    sessions, activities = [], []
    for name, content in contents.items():
        if not np.array_equal(content["images"], images):
            raise ValueError(
                f"{path}: the images of {name} differ from those of {first}"
            )
        activity = content["activity"]
        if activity.ndim != 2 or len(activity) != len(images):
            raise ValueError(
                f"{path}: activity of {name} is {activity.shape}, expected"
                f" ({len(images)}, neurons)"
            )
        if activity.dtype.kind not in "uif" or not (activity >= 0).all():
            raise ValueError(
                f"{path}: activity of {name} holds what is not a mean spike count"
            )
        sessions.append(name.rsplit("/")[-1][:2])
        activities.append(activity)
    labels = np.repeat(sessions, [activity.shape[1] for activity in activities])
    with errors_naming(path):
        return Recording(
            images,
            np.concatenate(activities, axis=1),
            image_group=photographs(len(images)),
            neuron_session=labels,
            neurons={"for_tuning": (labels == TUNING_SESSION).astype(np.uint8)},
            attributes={
                "name": "kindel2019",
                "units": "spikes per presentation",
                "window_s": 0.105,
                "presentations": 20,
                "pixels_per_degree": 24.0,
                "species": "macaque",
                "area": "V1",
                "technique": "Utah array, anaesthetised",
                "license": (
                    "code repository: Apache-2.0; recordings derive from CRCNS pvc-8:"
                    " scientific use, no redistribution"
                ),
                "citation": (
                    "Kindel, Christensen & Zylberberg, J. Vision 19(4):29, 2019; Kohn &"
                    " Coen-Cagli, CRCNS pvc-8, doi:10.6080/K0SB43P8"
                ),
                "source": URL,
            },
        )
