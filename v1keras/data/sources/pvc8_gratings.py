"""The 416 gratings of CRCNS pvc-8."""

import numpy as np

_COLUMNS = (
    "series",
    "phase",
    "orientation",
    "cycles_per_degree",
    "radius_degrees",
    "patch",
)


def gratings():
    """Return what the gratings are, in the order of the published stimuli 541 to 956.

    Returns:
        Dict of `(416,)` columns: `series` (what was varied), `phase` (0 to 3, a number
        of quarter cycles), `orientation` (degrees), `cycles_per_degree`,
        `radius_degrees` and `patch` ("disc" or "annulus"); NaN and "" where the
        publishers don't say.

    Example:

    >>> columns = gratings()
    >>> columns["orientation"][[128, 132]].tolist()  # 16 of them, phase fastest
    [90.0, 78.75]
    >>> columns["phase"][[128, 129]].tolist()
    [0, 1]
    """
    columns = {name: [] for name in _COLUMNS}
    for series, axes in _series().items():
        grid = np.meshgrid(*axes.values(), indexing="ij")
        count = grid[0].size
        # The first index is the fastest.
        values = [array.ravel(order="F") for array in grid]
        varied = dict(zip(axes, values, strict=True))
        for name, column in columns.items():
            missing = {"series": series, "patch": ""}.get(name, np.nan)
            column.append(varied.get(name, np.full(count, missing)))
    return {name: np.concatenate(column) for name, column in columns.items()}


def _series():
    """Return the values along each axis of each series, the fastest axis first."""
    phases = np.arange(4)
    orientations = np.array([0.0, 45, 90, 135])
    radii = 2 ** (-1.56 + 0.7 * np.arange(7))
    return {
        "spatial frequency": {
            "phase": phases,
            "orientation": orientations,
            "cycles_per_degree": 2 ** np.arange(-2, 3.5, 0.7),
        },
        "orientation": {"phase": phases, "orientation": 90 - 11.25 * np.arange(16)},
        "size": {
            "phase": phases,
            "patch": np.array(["disc", "annulus"]),
            "radius_degrees": np.round(radii * 48) / 48,
            "orientation": orientations,
        },
    }
