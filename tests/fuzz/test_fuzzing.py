import pathlib

import fuzzing
import mutations
import pytest


@pytest.mark.parametrize(
    "name, outcome",
    [
        ("CRASHES", "crash"),
        ("ENDS", "crash"),
        ("TRACEBACK", "traceback"),
        ("UNCLEAR", "unclear message"),
        pytest.param("MEMORY", "memory", marks=pytest.mark.slow),
        ("LOOKS_AROUND", "harm"),
        ("RUNS", "harm"),
        ("DIFFERENT", "silently different"),
    ],
)
def test_what_a_careless_reader_does_is_heard(name, outcome):
    outcomes, failures = fuzzing.run("careless_readers", name, 4, seed=0)
    assert sum(outcomes.values()) == 4
    assert outcomes[outcome] and set(outcomes) <= {outcome, "refused", "read"}
    assert len(failures) == outcomes[outcome] and outcome in failures[0]


def test_a_good_reader_passes(capsys):
    fuzzing.check("careless_readers", "READS", 60)
    assert "READS: 60 in" in capsys.readouterr().out


def test_every_kind_of_damage_is_drawn_and_the_same_from_one_seed():
    content, kinds = pathlib.Path(__file__).read_bytes(), set()
    for seed in range(200):
        words, changed = mutations.mutated(content, seed)
        assert (words, changed) == mutations.mutated(content, seed)
        kinds |= {word.partition(" at ")[0] for word in words.split(", ")}
    assert kinds == {change.__name__ for change in mutations.CHANGES}
