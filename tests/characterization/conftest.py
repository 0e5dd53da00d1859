import pytest
from simulated_cells import FREQUENCIES, GABOR, ORIENTATIONS, SIZE

from v1keras.characterization import gabor


@pytest.fixture(scope="module")
def quadrature():
    """Even and odd kernels of six orientations, each with a frequency of its own; blind
    to mean luminance.
    """
    base = GABOR | {"orientation_deg": ORIENTATIONS, "frequency": FREQUENCIES}
    bump = gabor(base | {"frequency": 1e-9, "phase_deg": 0}, SIZE)
    pair = []
    for phase in (0, -90):
        kernels = gabor(base | {"phase_deg": phase}, SIZE)
        pair.append(
            kernels
            - bump * (kernels.sum(axis=(1, 2)) / bump.sum(axis=(1, 2)))[:, None, None]
        )
    return pair
