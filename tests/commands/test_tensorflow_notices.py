"""What TensorFlow reports is not among what a command prints."""

import pytest

from v1keras import simulate_recording
from v1keras.data import shards

STREAMED = ["--config.training.max_device_data_gb=0", "--config.training.max_epochs=2"]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Three recordings: two files and a folder of shards."""
    paths = []
    for seed in range(3):
        size = {"neurons_per_kind": 1, "image_size": 16, "seed": seed}
        recording = simulate_recording(200 + seed, 20, **size)
        recording.attributes["name"] = f"session_{seed}"
        paths.append(tmp_path_factory.mktemp("data") / f"{seed}.h5")
        if seed < 2:
            recording.save(paths[-1])
        else:
            shards.write(recording, paths[-1])
    return paths


def train(command, paths, workdir, level, *more):
    """What the command writes to stderr, at a level of TensorFlow's messages; less
    its own warnings of recordings.
    """
    names = ",".join(map(str, paths))
    flags = [f"--config.data.recording={names}", f"--workdir={workdir}", "--quiet"]
    variables = {"NO_COLOR": "1"}
    if level is not None:
        variables["TF_CPP_MIN_LOG_LEVEL"] = level
    line = ["train", "--config=tiny", *STREAMED, *flags, *more]
    done = command(*line, variables=variables)
    assert done.returncode == 0, done.stderr
    own = "warning: recording "
    return [line for line in done.stderr.splitlines() if not line.startswith(own)]


@pytest.mark.slow
@pytest.mark.parametrize("level", [None, "1", "2", "3"])
def test_several_recordings_from_the_disk_train_in_silence(
    recordings, level, command, tmp_path
):
    assert train(command, recordings, tmp_path / "run", level) == []


@pytest.mark.slow
@pytest.mark.parametrize("level", ["1", "0"])
def test_functions_that_are_traced_again_are_told_to_who_asks(
    recordings, level, command, tmp_path
):
    """Each member of an ensemble has its own; TensorFlow tells of the fifth."""
    member = "--config.ensemble=6"
    errors = train(command, recordings[:1], tmp_path / "run", level, member)
    if level == "0":
        assert any("triggered tf.function retracing" in line for line in errors)
    else:
        assert errors == []
