"""Images drawn anew: each bootstrap sample as a weight per image.

A score that is a function of sums over images is that function of weighted sums in
every sample, so that all samples of all neurons are one product of matrices per sum.
"""

from collections.abc import Callable

import numpy as np
import scipy  # which imports its parts when they are first used

# Bootstrap samples. The standard error of a standard error is 1 / sqrt(2 * 400) of it.
SAMPLES = 400
# Images beyond this number are drawn in blocks, put together at random.
MOST_BLOCKS = 1000


class ImageDraws:
    """Bootstrap samples of the images of a recording.

    Each image has a Poisson weight of mean 1 in each sample, so that the samples of
    some of the images are those of a bootstrap of these. Images of one group are drawn
    together.

    Args:
        count: Integer, number of images.
        groups: Integer array `(count,)`, group of each image, or None.
        seed: Integer; the same seed, images and groups give the same samples.

    Example:

    >>> import numpy as np
    >>> draws = ImageDraws(100)
    >>> counts = draws.sums(np.arange(100))(np.ones((100, 1)))
    >>> counts.shape, round(float(counts.mean()))
    ((400, 1), 100)
    """

    def __init__(
        self, count: int, groups: np.ndarray | None = None, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        units = np.arange(count)
        if groups is not None:
            units = np.unique(groups, return_inverse=True)[1]
        most = int(units.max(initial=0)) + 1
        blocks = min(most, MOST_BLOCKS)
        self.block = (rng.permutation(most) % blocks)[units]
        self.weights = rng.poisson(1.0, (SAMPLES, blocks)).astype(np.float32)

    def sums(self, images: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return the function that sums over images with the weights of each sample.

        Args:
            images: `(m,)` indices of the images.

        Returns:
            Callable, `(m, neurons)`, a value per image and neuron -> `(SAMPLES,
            neurons)` float32.
        """
        used, row = np.unique(self.block[images], return_inverse=True)
        weights = self.weights[:, used]
        entries = (np.ones(len(images), np.float32), (row, np.arange(len(images))))
        collect = scipy.sparse.csr_array(entries, shape=(len(used), len(images)))
        return lambda values: weights @ (collect @ values.astype(np.float32))
