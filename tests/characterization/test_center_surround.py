"""Fits of a difference of Gaussians to patterns that were one."""

import numpy as np

from v1keras.characterization import center_surround, fit_center_surrounds

SIZE = (33, 29)
COUNT = 60


def test_center_surrounds_are_found():
    rng = np.random.default_rng(2)
    sign = rng.choice([-1, 1], COUNT)
    true = {
        "row": rng.uniform(10, 22, COUNT),
        "column": rng.uniform(9, 19, COUNT),
        "width_center": rng.uniform(1, 2.5, COUNT),
        "amplitude_center": sign * rng.uniform(20, 60, COUNT),
    }
    true |= {
        "width_surround": true["width_center"] * rng.uniform(1.6, 2.5, COUNT),
        "amplitude_surround": true["amplitude_center"] * 0.3,
    }
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    patterns = []
    for row, column, narrow, wide, inner, outer in zip(
        *(
            true[n]
            for n in (
                "row",
                "column",
                "width_center",
                "width_surround",
                "amplitude_center",
                "amplitude_surround",
            )
        ),
        strict=True,
    ):
        distance = (rows - row) ** 2 + (columns - column) ** 2
        patterns.append(
            inner * np.exp(-distance / (2 * narrow**2))
            - outer * np.exp(-distance / (2 * wide**2))
        )
    patterns = np.stack(patterns)
    np.testing.assert_allclose(center_surround(true, SIZE), patterns, atol=1e-9)
    found = fit_center_surrounds(patterns)
    assert found["r2"].min() > 1 - 1e-6
    for name, column in true.items():
        np.testing.assert_allclose(found[name], column, rtol=0.02)
    noisy = fit_center_surrounds(patterns + rng.normal(size=patterns.shape) * 2)
    assert (
        np.hypot(noisy["row"] - true["row"], noisy["column"] - true["column"]).max()
        < 0.5
    )
    np.testing.assert_array_equal(np.sign(noisy["amplitude_center"]), sign)
