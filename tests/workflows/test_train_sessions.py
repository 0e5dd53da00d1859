"""Several recordings train one core."""

import numpy as np
import pytest
from tiny_trainings import tiny, values

from v1keras import Recording, simulate_recording, zoo
from v1keras.workflows import reopen, train
from v1keras.workflows.score import score


@pytest.fixture(scope="module")
def monday_and_tuesday(recording, tmp_path_factory):
    """Two recordings with neither images nor neurons in common."""
    folder = tmp_path_factory.mktemp("days")
    for name, made in (
        ("monday", Recording.load(recording)),
        ("tuesday", simulate_recording(60, 25, 2, 16, seed=1)),
    ):
        made.attributes["name"] = name
        made.save(folder / f"{name}.h5")
    return folder


def test_several_recordings_train_one_core(monday_and_tuesday, tmp_path):
    paths = [monday_and_tuesday / f"{name}.h5" for name in ("tuesday", "monday")]
    config = tiny(f"{paths[0]}, {paths[1]}", **{"training.rate_weighting": 0.5})
    model, scores = train.train_and_evaluate(config, tmp_path / "both")
    metrics, columns = scores.metrics(), scores.per_neuron
    assert zoo.info(tmp_path / "both")["sessions"] == {"tuesday": 8, "monday": 4}
    assert zoo.info(tmp_path / "both")["recording"]["name"] == "tuesday; monday"
    assert columns["recording"].tolist() == ["tuesday"] * 8 + ["monday"] * 4
    assert metrics["images"] == 45 and metrics["groups"]["reported"]["neurons"] == 12
    assert metrics["groups"]["reported"]["correlation"]["mean"] == pytest.approx(
        columns["correlation"].mean(), abs=1e-6
    )
    assert metrics["groups"]["monday: reported"]["correlation"][
        "mean"
    ] == pytest.approx(columns["correlation"][8:].mean(), abs=1e-6)
    images = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 1)).astype("float32")
    for path in paths:  # each is scored by the readout of its name
        session, _, opened = reopen.open_model(tmp_path / "both", path)
        np.testing.assert_array_equal(session(images), model(images)[path.stem])
        scores = score(session, opened)
        alone = scores.per_neuron
        np.testing.assert_allclose(
            alone["correlation"],
            columns["correlation"][columns["recording"] == path.stem],
            atol=1e-6,
        )
    other = simulate_recording(80, 20, neurons_per_kind=1, image_size=16, seed=2)
    other.attributes["name"] = "wednesday"
    other.save(tmp_path / "wednesday.h5")
    with pytest.raises(
        ValueError, match="no session 'wednesday'; the model has tuesday, monday"
    ):
        reopen.open_model(tmp_path / "both", tmp_path / "wednesday.h5")
    begun = tiny(
        tmp_path / "wednesday.h5", init_from=str(tmp_path / "both"), freeze="core"
    )
    new, _ = train.train_and_evaluate(begun, tmp_path / "new")
    for name, value in values(new.core).items():
        np.testing.assert_array_equal(value, values(model.core)[name], err_msg=name)


def test_recordings_that_do_not_go_together_are_refused(
    monday_and_tuesday, recording, tmp_path
):
    monday, tuesday = (
        str(monday_and_tuesday / f"{name}.h5") for name in ("monday", "tuesday")
    )
    larger = tmp_path / "larger.h5"
    simulate_recording(80, 20, neurons_per_kind=1, image_size=20).save(larger)
    for text, changes, message in (
        (
            f"{monday},{monday}",
            {},
            "'monday' with images of .*, 'monday' with .* expected different names",
        ),
        (
            f"{monday},{larger}",
            {},
            (
                r"'monday' with images of \(16, 16\), 'simulated' with images of \(20,"
                r" 20\): expected .* one size"
            ),
        ),
        (
            f"{monday},{tuesday}",
            {"ensemble": 2},
            "2 recordings train one network; set --config.ensemble=1",
        ),
        (f"{monday},nowhere.h5", {}, "no recording 'nowhere.h5'"),
    ):
        with pytest.raises((ValueError, OSError), match=message):
            train.train_and_evaluate(tiny(text, **changes), tmp_path / "run")
        assert not (tmp_path / "run").exists()
