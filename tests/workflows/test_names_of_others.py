"""Names in any writing: the same session is found, and no preset is named oddly."""

import json
import pathlib
import re
import unicodedata

import numpy as np
import pytest

from v1keras import Recording
from v1keras.models import DenseReadout, StackedCore, V1Model
from v1keras.workflows.matching import in_order_of_model, in_order_of_other
from v1keras.workflows.publish import add

ROOT = pathlib.Path(__file__).parents[2]
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (9, 8, 8)).astype("uint8")
RESPONSES = RNG.poisson(3, (9, 4)).astype("float32")


def recording_of(sessions, name="r"):
    attributes = {"name": name}
    return Recording(IMAGES, RESPONSES, neuron_session=sessions, attributes=attributes)


def metadata_of(sessions):
    counts = [[name, 1] for name in sessions]
    numbers = {name: sessions.count(name) for name in sessions}
    return {"sessions": numbers, "neuron_sessions": counts, "recording": {"name": "r"}}


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize("name", ["Mäuse", "séance 1", "Å"])
def test_a_name_is_the_same_in_each_writing(tmp_path, form, name):
    written = unicodedata.normalize(form, name)
    recording = recording_of([written, "b", written, "c"], written)
    recording.save(tmp_path / "r.h5")
    stored = Recording.load(tmp_path / "r.h5")
    assert stored.name == unicodedata.normalize("NFC", name)
    model = metadata_of(["c", unicodedata.normalize("NFC", name)])
    model["sessions"][unicodedata.normalize("NFC", name)] = 2
    model["neuron_sessions"][1][1] = 2
    ordered = in_order_of_model(stored, model)
    np.testing.assert_array_equal(ordered.responses, RESPONSES[:, [3, 0, 2]])


@pytest.mark.parametrize(
    "sessions", [["B", "b", "a", "a "], ["1", "01", "1.0", "10"], ["", " ", "x", "X"]]
)
def test_names_that_differ_a_little_are_different_sessions(sessions):
    recording = recording_of(sessions)
    ordered = in_order_of_model(recording, metadata_of(sessions[::-1]))
    np.testing.assert_array_equal(ordered.responses, RESPONSES[:, ::-1])
    others = metadata_of([name.upper() + "." for name in sessions])
    with pytest.raises(ValueError, match="has the sessions .*expected"):
        in_order_of_model(recording, others)


@pytest.mark.parametrize("order", [[2, 3, 0, 1], [3, 1, 0, 2], [0, 1, 2, 3]])
def test_a_judge_has_the_order_of_the_model_that_it_judges(order):
    """Neurons a0, b0, c0 and c1, of which the judge was trained in another order."""
    names = np.array(["a", "b", "c", "c"])
    model = V1Model(StackedCore((2,), (3,)), DenseReadout(4), (8, 8))
    labels = names[order]
    judge = model.select_neurons(sorted(order, key=order.index))
    # Within a session the neurons keep their order.
    expected = [np.flatnonzero(labels == name) for name in ("a", "b", "c")]
    expected = np.array(order)[np.concatenate(expected)]
    own = metadata_of(labels.tolist())
    ordered = in_order_of_other(judge, own, metadata_of(names.tolist()))
    images = IMAGES[..., None].astype("float32")
    rates = np.asarray(model(images))[:, expected]
    np.testing.assert_allclose(ordered(images), rates, rtol=1e-6)
    with pytest.raises(ValueError, match="has the sessions .*expected a .1., b .3."):
        in_order_of_other(judge, own, metadata_of(["a", "b", "b", "b"]))


@pytest.mark.parametrize(
    "name",
    [
        *("", "scene", "../up_there", "A_b", "a b_c", "a_b\n", "-a_b", "mäuse_a"),
        *("a__b", "_a_b", "a_b/c", "a_b.h5", "scene_" + "x" * 300, "🐭_a", "a\0_b"),
    ],
)
def test_a_preset_of_an_odd_name_is_refused_first(tmp_path, name):
    with pytest.raises(ValueError, match="--name: found .* expected <dataset>_<read"):
        add(tmp_path / "no workdir", name)
    assert not list(tmp_path.iterdir())


def test_the_table_of_units_is_what_the_study_wrote():
    scores = json.loads((ROOT / "docs" / "units.json").read_text())
    text = (ROOT / "docs" / "recording.md").read_text()
    table = text.split("| unit | poisson |")[1].split("\n\n")[0].split("\n")[2:]
    kinds = ("poisson", "negative_binomial", "zero_inflated_gamma", "gaussian")
    assert len(table) == len(scores) == 6
    for line, by_kind in zip(table, scores.values(), strict=True):
        shown = re.split(r" ?\| ?", line)[2:-1]
        stored = [by_kind.get(kind) for kind in kinds]
        texts = ["" if value is None else f"{value:.3f}" for value in stored]
        assert [cell.strip() for cell in shown] == texts, line
