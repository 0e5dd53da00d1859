import numpy as np
import pytest

from v1keras import report

TUNED = ("orientation_deg", "frequency", "radius", "phase_deg", "contrast")


@pytest.fixture(scope="module")
def cell_page(tmp_path_factory):
    """The folder of a page of three inverted cells; a better image of one is known."""
    folder = tmp_path_factory.mktemp("cells")
    rng = np.random.default_rng(0)
    columns = {
        "neuron": np.array([7, 30, 5]),
        "class": np.array(["gabor", "texture", "gabor"]),
        "rate": np.array([20.0, 1.0, 3.0]),
        "best_image_rate_at_norm": np.array([1.0, 2.0, 1.0]),
        "beats_best_image": np.array([True, False, True]),
        "converged": np.array([True, True, True]),
    }
    curves = {}
    for name in TUNED:
        values = np.tile(np.arange(4.0), (3, 1))
        curves[name] = (values, rng.uniform(size=(3, 4)))
    report.write_cells(
        folder,
        "of <a model>",
        rng.normal(size=(3, 8, 8)),
        rng.uniform(size=(3, 8, 8)),
        curves,
        columns,
        {name: (name, "why") for name in (*list(columns)[1:4], "cc_norm")},
        [report.Check(False, "1 of 3 <fails>", "Repeat.")],
        "svg",
    )
    return folder
