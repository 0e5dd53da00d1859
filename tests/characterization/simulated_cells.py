"""Linear-nonlinear and energy models, whose tuning is known."""

import numpy as np

from v1keras.characterization import GratingDisplay

SIZE = (32, 32)
DISPLAY = GratingDisplay(grey=110.0, low=0.0, high=255.0, image_size=SIZE)
GABOR = {
    "row": 14,
    "column": 17,
    "width_along": 4.0,
    "width_across": 4.0,
    "amplitude": 1,
}
ORIENTATIONS = (0, 33, 77, 90, 135, 178)
FREQUENCIES = (0.1, 0.12, 0.14, 0.16, 0.18, 0.2)


def outputs(kernels, images):
    """Return the linear response to each image of each kernel, `(images, kernels)`."""
    patterns = np.asarray(images)[..., 0].astype(float) - DISPLAY.grey
    weights = kernels.reshape(len(kernels), -1).T
    return patterns.reshape(len(images), -1) @ weights / 1000


def energy(quadrature, images):
    """Return the responses of energy models with a quadrature pair of kernels."""
    return sum(outputs(kernels, images) ** 2 for kernels in quadrature)
