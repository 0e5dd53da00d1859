"""Peak memory of the ridge.

`python tests/models/ridge_memory.py IMAGES NEURONS WINDOWS` fits noise of 36 x 64
pixels. Each of the package's 41 windows takes as much time again; of each, the memory
holds 256 numbers per image.
"""

import functools
import resource
import sys
from unittest import mock

import numpy as np

import v1keras
from v1keras.models.readouts import ridge
from v1keras.workflows.build import fit_ridge


def peak_gb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(images, neurons, windows):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (images, 36, 64), dtype="uint8")
    responses = rng.poisson(1.0, (images, neurons)).astype("float32")
    recording = v1keras.Recording(pixels, responses, np.zeros(images, "int8"))
    before = peak_gb()
    fit = functools.partialmethod(
        ridge.RidgeReadout.fit, windows=ridge.WINDOWS[:windows]
    )
    with mock.patch.object(ridge.RidgeReadout, "fit", fit):
        model = fit_ridge(recording, ["train"])
    weights = 4 * model.count_params() / 2**30
    print(
        f"weights {weights:.2f} GB, peak {before:.2f} GB before, {peak_gb():.2f} after"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
