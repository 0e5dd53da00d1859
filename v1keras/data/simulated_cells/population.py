"""A recording of simulated cells of many families."""

from collections.abc import Sequence

import numpy as np

from v1keras.data.dead_leaves import dead_leaves
from v1keras.data.recording import Recording
from v1keras.data.simulated_cells.cell import SimulatedCell, rates_of
from v1keras.data.simulated_cells.families import draw_cell
from v1keras.data.validation import TEST, TRAIN, VALIDATION

PIXEL_MEAN, PIXEL_SCALE = 127.0, 45.0
_WINDOW_S = 0.1
# Spikes per presentation, mean over the images, that cells are scaled to.
_LOWEST_MEAN, _HIGHEST_MEAN = 1.0, 5.0


def simulate_families(
    families: Sequence[str],
    cells_per_family: int,
    train_images: int,
    test_images: int = 100,
    image_size: int = 32,
    presentations: int = 1,
    repeats: int = 20,
    seed: int = 0,
) -> tuple[Recording, list[SimulatedCell], np.ndarray]:
    """Simulate Poisson responses of cells of the given families.

    Args:
        families: Sequence of keys of `FAMILIES`; also "noisy", whose rate depends on
            no image, and "dead", which never fires.
        cells_per_family: Integer.
        train_images: Integer; one in ten of them is marked for validation.
        test_images: Integer, number of images shown `repeats` times.
        image_size: Integer, pixels per side.
        presentations: Integer, presentations of each training image, of which the mean
            is kept.
        repeats: Integer, presentations of each test image.
        seed: Integer, seed of images, cells and spikes.

    Returns:
        Tuple of a `Recording`, with the columns `kind` (the family), `row`, `column`,
        `orientation_deg`, `frequency` and `true_rate`; the list of `SimulatedCell`, as
        far as there are any: "noisy" and "dead" cells come last and have none; and the
        `(cells,)` scales that turn `rates_of` into spikes per presentation.

    Raises:
        ValueError: There is no such family, or a number is too small.

    Example:

    >>> recording, cells, scales = simulate_families(["simple", "noisy"], 2, 40, 10)
    >>> recording.responses.shape, len(cells), scales.shape
    ((50, 4), 2, (2,))
    """
    if min(cells_per_family, train_images, test_images, presentations) < 1:
        raise ValueError(
            f"{cells_per_family} cells per family, {train_images} and {test_images}"
            f" images, {presentations} presentations: expected at least 1 of each"
        )
    # Separate generators: other numbers of images leave the cells as they are.
    generators = [np.random.default_rng((seed, part)) for part in range(4)]
    for_images, for_tests, for_cells, for_spikes = generators
    train = dead_leaves(train_images, image_size, for_images)
    test = dead_leaves(test_images, image_size, for_tests)
    images = np.concatenate([train, test])
    contrast = (images - PIXEL_MEAN) / PIXEL_SCALE
    test_contrast = contrast[train_images:]
    cells, kinds = [], []
    for family in families:
        kinds += [family] * cells_per_family
        for _ in range(cells_per_family):
            if family in ("noisy", "dead"):
                continue
            cells.append(draw_cell(family, image_size, for_cells, test_contrast))
    kinds.sort(key=lambda kind: kind in ("noisy", "dead"))
    rates = np.zeros((len(images), len(kinds)))
    for i, cell in enumerate(cells):
        rates[:, i] = rates_of(cell, contrast)
    targets = np.exp(
        for_cells.uniform(np.log(_LOWEST_MEAN), np.log(_HIGHEST_MEAN), len(cells))
    )
    scales = targets / np.maximum(rates[:, : len(cells)].mean(axis=0), 1e-12)
    rates[:, : len(cells)] *= scales
    rates[:, np.array(kinds) == "noisy"] = 2.0
    tested = np.arange(train_images, len(images))
    responses, trials = _spikes(rates, tested, presentations, repeats, for_spikes)
    split = np.full(len(images), TRAIN)
    split[:train_images:10] = VALIDATION
    split[tested] = TEST
    recording = Recording(
        images,
        responses,
        split=split,
        repeats=trials,
        repeat_images=tested,
        neurons=_true_columns(kinds, cells, rates),
        attributes={
            "name": "simulated_families",
            "units": "spikes per presentation",
            "window_s": _WINDOW_S,
            "presentations": presentations,
            "species": "none",
            "area": "V1 (simulated)",
            "technique": "simulation",
            "license": "Apache-2.0",
        },
    )
    return recording, cells, scales


def _spikes(rates, tested, presentations, repeats, rng):
    """Return mean responses to all images, and single ones to those for testing."""
    responses = rng.poisson(rates * presentations) / presentations
    shape = (len(tested), repeats, rates.shape[1])
    trials = rng.poisson(rates[tested, None], shape).astype("float32")
    responses[tested] = trials.mean(axis=1)
    return responses.astype("float32"), trials


def _true_columns(kinds, cells, rates):
    """Return the columns of neurons that hold what is true of them."""
    columns = {"kind": np.array(kinds), "true_rate": rates.T.astype("float32")}
    for name in ("row", "column", "orientation_deg", "frequency"):
        values = np.full(len(kinds), np.nan)
        for i, cell in enumerate(cells):
            values[i] = cell.truth.get(name, np.nan)
        columns[name] = values
    return columns
