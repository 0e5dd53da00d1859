import os
import random
import shutil

import numpy as np
import pytest

from v1keras.training import Checkpoints


def test_a_flipped_bit_anywhere_leads_to_the_checkpoint_before(tmp_path):
    """By hand, `V1KERAS_FUZZ=400` flips one in 400 places."""
    checkpoints, rng = Checkpoints(tmp_path), np.random.default_rng(0)
    arrays = [rng.random((20, 7), np.float32), np.arange(3), np.array(True)]
    for step in (1, 2, 3):
        checkpoints.save(step, {"model": [step * arrays[0], *arrays[1:]]}, {"at": step})
    path = tmp_path / "000000000003.h5"
    content, draw = path.read_bytes(), random.Random(0)
    places = range(8 * len(content))
    for place in draw.sample(places, int(os.environ.get("V1KERAS_FUZZ", 40))):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.warns(UserWarning, match="000000000003.h5: its content is not"):
            groups, state = checkpoints.newest()
        assert state == {"at": 2}
        for found, array in zip(groups["model"], arrays, strict=True):
            factor = 2 if array.ndim == 2 else 1
            np.testing.assert_array_equal(found, array * factor)
    path.write_bytes(content)
    assert checkpoints.newest()[1] == {"at": 3}


@pytest.mark.slow
def test_commands_go_on_from_the_checkpoint_before(tiny, command, tmp_path):
    run = [*tiny.config, "--config.training.checkpoint_s=0", "--config.seed=0"]
    trained = command("train", *run, f"--workdir={tmp_path / 'whole'}")
    assert trained.returncode == 0, trained.stderr
    weights = "preset/model.weights.h5"
    expected = (tmp_path / "whole" / weights).read_bytes()
    for seed in range(2):
        folder = tmp_path / f"{seed}"
        shutil.copytree(tmp_path / "whole", folder)
        shutil.rmtree(folder / "preset")
        newest = max((folder / "checkpoints").rglob("*.h5"))
        flipped, draw = bytearray(newest.read_bytes()), random.Random(seed)
        flipped[draw.randrange(len(flipped))] ^= 1 << draw.randrange(8)
        newest.write_bytes(flipped)
        resumed = command("train", *run, f"--workdir={folder}", "--resume")
        assert resumed.returncode == 0, resumed.stderr
        assert f"{newest.name}: its content is not what was written" in resumed.stderr
        assert (folder / weights).read_bytes() == expected
        newest = max((folder / "checkpoints").rglob("*.h5"))
        newest.write_bytes(newest.read_bytes()[:-1])
        evaluated = command(
            "evaluate", f"--model={folder}", f"--out={folder / 'again'}"
        )
        assert evaluated.returncode == 0, evaluated.stderr
        assert "Traceback" not in resumed.stderr + evaluated.stderr
