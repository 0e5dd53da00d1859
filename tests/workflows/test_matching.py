"""A model is asked about the neurons that it was trained on, in their order."""

import numpy as np
import pytest

from v1keras import simulate_recording
from v1keras.config import default
from v1keras.workflows.reopen import open_model
from v1keras.workflows.score import score
from v1keras.workflows.train import train_and_evaluate

SESSIONS = np.array(["a", "b", "b", "c"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workdir of four neurons in three sessions, and their recording."""
    folder = tmp_path_factory.mktemp("matching")
    recording = simulate_recording(60, 20, neurons_per_kind=1, image_size=16)
    recording.neuron_session = SESSIONS
    recording.save(folder / "trained.h5")
    config = default()
    config.data.recording = str(folder / "trained.h5")
    config.core.filters, config.core.kernel_sizes = (2,), (5,)
    config.training.batch_size, config.training.max_epochs = 30, 1
    _, scores = train_and_evaluate(config, folder / "workdir")
    return folder / "workdir", recording, scores


def renamed(recording, sessions):
    other = recording.select_neurons(np.arange(4))
    other.neuron_session = np.array(sessions)
    return other


@pytest.mark.parametrize("order", [[3, 1, 2, 0], [1, 0, 3, 2], [1, 2, 3, 0]])
def test_sessions_in_another_order_score_alike(trained, tmp_path, order):
    workdir, recording, scores = trained
    recording.select_neurons(order).save(tmp_path / "other.h5")
    model, _, opened = open_model(workdir, tmp_path / "other.h5")
    np.testing.assert_array_equal(opened.responses, recording.responses)
    for name, column in score(model, opened).per_neuron.items():
        expected = scores.per_neuron[name]
        if column.dtype.kind == "f":  # sums of another memory layout are rounded
            np.testing.assert_allclose(column, expected, rtol=1e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(column, expected, name)


def test_a_session_that_the_model_lacks_is_left_out(trained, tmp_path):
    workdir, recording, _ = trained
    more = recording.select_neurons([0, 1, 2, 3, 3])
    more.neuron_session = np.array(["a", "b", "b", "c", "new"])
    more.save(tmp_path / "more.h5")
    opened = open_model(workdir, tmp_path / "more.h5")[2]
    np.testing.assert_array_equal(opened.responses, recording.responses)


@pytest.mark.parametrize(
    "sessions, told",
    [
        (["a", "a", "b", "c"], r"a \(2\), b \(1\)"),
        (["x", "y", "y", "z"], r"x \(1\), y"),
        (["A", "b", "b", "c"], r"A \(1\), b"),
    ],
)
def test_other_sessions_are_refused(trained, tmp_path, sessions, told):
    workdir, recording, _ = trained
    renamed(recording, sessions).save(tmp_path / "other.h5")
    expected = r"sessions .*expected a \(1\), b \(2\), c"
    with pytest.raises(ValueError, match=told) as caught:
        open_model(workdir, tmp_path / "other.h5")
    assert caught.match(expected)


def test_a_recording_of_another_name_is_warned_of(trained, tmp_path):
    workdir, recording, _ = trained
    other = renamed(recording, SESSIONS)
    other.attributes = recording.attributes | {"name": "another mouse"}
    other.save(tmp_path / "other.h5")
    expected = "trained on the recording 'simulated', and is asked about 'another mouse"
    with pytest.warns(UserWarning, match=expected):
        open_model(workdir, tmp_path / "other.h5")
