"""Controls and classes of cells whose filters are known."""

import pathlib
import re
import types

import keras
import numpy as np
import pytest

from v1keras import Recording, V1Model, characterize, score, simulate_recording
from v1keras.characterization.columns import COLUMNS
from v1keras.inversion import ContrastConstraint, GradientAscent
from v1keras.inversion.controls import controls, filter_cosines, half_stimuli
from v1keras.models import DenseReadout, Ensemble

ROOT = pathlib.Path(__file__).parents[2]
SIZE, GREY, NORM = 16, 100.0, 50.0
PIXELS_PER_DEGREE = 20.0
FREQUENCY = 0.2  # cycles per pixel of every filter


def gabors(count, seed):
    """`(count, SIZE, SIZE)` Gabors of norm 1, of any orientation and phase."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    angle, phase = rng.uniform(0, 2 * np.pi, (2, count, 1, 1))
    along = columns * np.cos(angle) + rows * np.sin(angle)
    carrier = np.cos(2 * np.pi * FREQUENCY * along + phase)
    filters = np.exp(-(rows**2 + columns**2) / (2 * 2.5**2)) * carrier
    return filters / np.linalg.norm(filters, axis=(1, 2), keepdims=True)


def rates_by_hand(patterns, filters):
    """`(images, neurons)` rates of linear-nonlinear neurons."""
    count = len(filters)
    drive = patterns.reshape(len(patterns), -1) @ filters.reshape(count, -1).T
    return np.log1p(np.exp(drive / 20))


def model_of(filters, name):
    """The same neurons as a model."""
    count = len(filters)
    readout = DenseReadout(count, name=f"readout_{name}")
    core = keras.layers.Identity(name=f"core_{name}")
    model = V1Model(core, readout, (SIZE, SIZE), GREY, 20.0, name=name)
    readout.weight.assign(filters.reshape(count, -1).T)
    return model


@pytest.fixture(scope="module")
def inverted():
    """Two networks that disagree, as one model, and stimuli of its neurons 3 and 1."""
    made = types.SimpleNamespace(first=gabors(4, 0), second=gabors(4, 1))
    rng = np.random.default_rng(2)
    images = np.clip(rng.normal(GREY, 20, (60, SIZE, SIZE)), 0, 200).astype("float32")
    made.recording = Recording(
        images,
        rng.poisson(2.0, (60, 4)).astype("float32"),
        neurons={"filter": made.first, "kind": ["simple"] * 4},
        attributes={"pixels_per_degree": PIXELS_PER_DEGREE},
    )
    made.contrast = ContrastConstraint(GREY, NORM, 0.0, 200.0)
    members = [model_of(made.first, "first"), model_of(made.second, "second")]
    made.model = Ensemble(members)
    made.stimuli = GradientAscent(members[0], made.contrast).run([3, 1])
    return made


def test_one_half_of_an_ensemble_judges_what_the_other_has_made(inverted):
    """The first network's best stimulus is its filter; the second network answers."""
    made = inverted
    half = half_stimuli(made.model, made.stimuli)
    columns = controls(made.model, made.recording.images, made.stimuli, half=half)
    neurons = [3, 1]
    shown = rates_by_hand(NORM * made.first[neurons], made.second)
    expected = [shown[0, 3], shown[1, 1]]
    np.testing.assert_allclose(columns["half_rate"], expected, rtol=1e-2)
    patterns = made.recording.images - GREY
    patterns *= NORM / np.linalg.norm(patterns, axis=(1, 2), keepdims=True)
    expected = rates_by_hand(patterns, made.second).max(axis=0)[neurons]
    np.testing.assert_allclose(columns["half_best_image_rate"], expected, rtol=1e-3)


def test_each_stimulus_is_compared_with_the_filter_of_its_own_neuron(inverted):
    made = inverted
    cosines = filter_cosines(made.recording, made.stimuli)
    np.testing.assert_allclose(cosines, 1, atol=1e-3)


def test_the_table_lists_every_column_of_a_simulated_cell(inverted):
    """Truths stand apart from fits; and docs/inversion.md has the very same table."""
    recording = simulate_recording(60, 10, neurons_per_kind=1, image_size=SIZE)
    recording.attributes["pixels_per_degree"] = PIXELS_PER_DEGREE
    model = model_of(gabors(4, 0), "simulated")
    stimuli = GradientAscent(model, inverted.contrast).run([1, 3], steps=20)
    scores = score(model, recording)
    evaluators = [model_of(gabors(4, 1), "evaluator")]
    cells = characterize(model, recording, stimuli, evaluators, scores)
    listed = [column.name for column in COLUMNS]
    rest = {"session", "zero_rate", "half_rate", "half_best_image_rate", "half_class"}
    assert [name for name in listed if name not in rest] == list(cells.table)
    for name in ("row", "column", "orientation_deg", "frequency"):
        true = recording.neurons[name][[1, 3]]
        np.testing.assert_array_equal(cells.table[f"true_{name}"], true)
    text = (ROOT / "docs" / "inversion.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*?) ?\| ([^|]+) \|$", text, re.MULTILINE)
    assert rows == [tuple(column) for column in COLUMNS]


def test_fits_are_told_in_degrees_of_visual_angle(inverted):
    made = inverted
    columns = characterize(made.model, made.recording, made.stimuli).table
    expected = FREQUENCY * PIXELS_PER_DEGREE
    np.testing.assert_allclose(columns["gabor_frequency_cpd"], expected, rtol=0.05)
    for name in ("row", "column", "width_along", "width_across"):
        pixels, degrees = columns[f"gabor_{name}"], columns[f"gabor_{name}_deg"]
        np.testing.assert_allclose(degrees, pixels / PIXELS_PER_DEGREE, err_msg=name)
    np.testing.assert_allclose(columns["gabor_width_along_deg"], 0.125, rtol=0.1)
