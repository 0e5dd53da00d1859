"""The space of a study, and what it refuses."""

import json

import pytest

from v1keras.config import default
from v1keras.workflows.search_space import read_space, suggest, with_values


def written(folder, space):
    path = folder / "space.json"
    path.write_text(space if isinstance(space, str) else json.dumps(space))
    return path


class Lowest:
    """A trial whose values are the lowest ends and the last choices."""

    def suggest_float(self, name, low, high, log):
        return low

    def suggest_int(self, name, low, high, log=False, step=1):
        return low

    def suggest_categorical(self, name, choices):
        return choices[-1]


def test_values_arrive_in_the_configuration(tmp_path):
    space = {
        "training.learning_rate": {"low": 1e-4, "high": 0.1, "log": True},
        "training.batch_size": {"low": 8, "high": 64},
        "core.orientations": {"low": 4, "high": 16},
        "core.filters": {"choices": [[8], [4, 2]]},
        "readout.kind": {"choices": ["factorized", "gaussian"]},
        "core.separable": {"choices": [False, True]},
    }
    values = suggest(Lowest(), read_space(written(tmp_path, space)))
    config = with_values(default(), values)
    assert config.training.learning_rate == 1e-4
    assert config.training.batch_size == 8 and config.core.orientations == 4
    assert config.core.filters == (4, 2) and config.readout.kind == "gaussian"
    assert config.core.separable is True
    assert default().core.filters == (32, 32, 32)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("{", "space.json: is not JSON"),
        ([], "expected a JSON object of keys"),
        ({}, "expected a JSON object of keys"),
        (
            {"data.split_seed": {"low": 0, "high": 9}},
            "data.split_seed: can't be searched",
        ),
        (
            {"seed": {"low": 0, "high": 9}},
            "seed: can't be searched; expected one of core",
        ),
        ({"training.strategy": {"choices": ["one"]}}, "can't be searched"),
        ({"core.none": {"low": 0, "high": 9}}, "core.none: can't be searched"),
        ({"readout.l1": 3}, 'readout.l1: found 3, expected {"low": NUMBER'),
        ({"readout.l1": {"low": 0}}, "expected {"),
        ({"readout.l1": {"low": 0, "high": 1, "more": 1}}, "expected {"),
        ({"readout.l1": {"low": -1, "high": 1}}, "found -1, expected a number from 0"),
        ({"readout.l1": {"low": 2, "high": 1}}, "a low end below the high one"),
        ({"readout.l1": {"low": 0, "high": 1, "log": True}}, "starts above 0"),
        ({"readout.l1": {"low": 0, "high": 1, "log": 1}}, "expected true or false"),
        ({"readout.kind": {"low": 0, "high": 1}}, '"choices": [...]}: factorized'),
        ({"readout.kind": {"choices": ["cubic"]}}, 'found "cubic", expected one of'),
        ({"readout.kind": {"choices": []}}, "expected {"),
        ({"readout.l1": {"choices": [1, 1]}}, "the same choice twice"),
    ],
)
def test_refusals_name_the_key_and_what_fits(tmp_path, space, message):
    with pytest.raises(ValueError) as raised:
        read_space(written(tmp_path, space))
    assert message in str(raised.value) and "\n" not in str(raised.value)
