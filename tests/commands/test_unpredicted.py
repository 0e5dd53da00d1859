"""Inversion of neurons that the model does not predict."""

import numpy as np
import pytest
from written import table


@pytest.mark.slow
def test_a_neuron_predicted_no_better_than_chance_has_no_class(tiny, command, tmp_path):
    rows = table(tiny.workdir / "neurons.csv")
    chance = 1.645 / np.sqrt(20)  # 20 test images
    unpredicted = [row["neuron"] for row in rows if float(row["correlation"]) <= chance]
    assert 0 < len(unpredicted) < 4, "the fixture has neurons of both kinds"
    words = [f"--model={tiny.workdir}", "--steps=2", "--restarts=1"]
    done = command("invert", *words, "--neurons=all", f"--out={tmp_path / 'all'}")
    assert done.returncode == 0, done.stderr
    kept = [row["neuron"] for row in table(tmp_path / "all" / "cells.csv")]
    assert kept == [row["neuron"] for row in rows if row["neuron"] not in unpredicted]
    printed = " ".join(done.stdout.split())
    assert f"no better than chance: neurons {', '.join(unpredicted)}" in printed
    named = f"--neurons={unpredicted[0]}"
    done = command("invert", *words, named, f"--out={tmp_path / 'one'}")
    assert done.returncode == 0, done.stderr
    (cell,) = table(tmp_path / "one" / "cells.csv")
    assert cell["class"] == "unclassified"
    printed = " ".join(done.stdout.split())
    assert "Of no class, as the model predicts them no better" in printed
