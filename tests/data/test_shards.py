import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from v1keras import Recording, simulate_recording, zoo
from v1keras.config import default
from v1keras.data import LazyRows, open_recording, shards
from v1keras.io import large_arrays
from v1keras.workflows import train


@pytest.fixture
def recording(tmp_path):
    made = simulate_recording(80, 20, neurons_per_kind=1, image_size=16)
    made.neurons["depth_um"] = np.arange(4.0)
    made.save(tmp_path / "whole.h5")
    return made


def test_a_sharded_recording_is_the_recording(recording, command, tmp_path):
    done = command(
        "data", "shard", tmp_path / "whole.h5", f"--out={tmp_path / 'sharded'}"
    )
    assert done.returncode == 0, done.stderr
    sharded = open_recording(tmp_path / "sharded")
    for name in ("images", "responses", "split", "repeats", "repeat_images"):
        np.testing.assert_array_equal(getattr(sharded, name), getattr(recording, name))
    assert sharded.attributes == recording.attributes
    assert sharded.neurons["depth_um"].tolist() == [0, 1, 2, 3]
    # TensorFlow's reader checks the checksums and gives the bytes.
    first = next(
        iter(
            tf.data.TFRecordDataset(
                str(tmp_path / "sharded" / "presentations.tfrecord")
            ).skip(7)
        )
    ).numpy()
    np.testing.assert_array_equal(
        np.frombuffer(first[: 16 * 16], recording.images.dtype).reshape(16, 16),
        recording.images[7],
    )
    np.testing.assert_array_equal(
        np.frombuffer(first[16 * 16 :], "<f4"), recording.responses[7]
    )


@pytest.mark.slow
def test_training_from_shards_is_training_from_memory(recording, tmp_path, monkeypatch):
    """In memory; streamed; streamed from a file too large for the memory; streamed from
    shards: the same weights in every bit.
    """
    shards.write(recording, tmp_path / "sharded")
    weights = []
    for source, max_device_data_gb, in_memory in (
        ("whole.h5", 1.0, 1 << 28),
        ("whole.h5", 0.0, 1 << 28),
        ("whole.h5", 0.0, 100),
        ("sharded", 0.0, 100),
    ):
        monkeypatch.setattr(large_arrays, "_IN_MEMORY", in_memory)
        opened = open_recording(tmp_path / source)
        on_disk = opened.images.base is not None
        assert on_disk == (in_memory == 100)
        config = default()
        config.data.recording, config.training.max_device_data_gb = (
            str(tmp_path / source),
            max_device_data_gb,
        )
        (
            config.core.filters,
            config.core.kernel_sizes,
            config.training.batch_size,
            config.training.max_epochs,
        ) = (
            (4, 4),
            (5, 3),
            16,
            2,
        )
        folder = tmp_path / str(len(weights))
        train.train_and_evaluate(config, folder)
        weights.append([np.asarray(v) for v in zoo.load(folder).variables])
    for other in weights[1:]:
        for a, b in zip(weights[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_damaged_shards_are_refused(recording, command, tmp_path):
    def damaged(name, change):
        folder = tmp_path / name
        shards.write(recording, folder)
        change(folder)
        with pytest.raises((ValueError, OSError)) as error:
            open_recording(folder)
        return str(error.value)

    data = "presentations.tfrecord"
    assert "it is cut off, or of another recording" in damaged(
        "a", lambda f: (f / data).write_bytes((f / data).read_bytes()[:-5])
    )
    assert f"holds no {data}" in damaged("b", lambda f: (f / data).unlink())
    assert "shard the recording again" in damaged(
        "c", lambda f: (f / "layout.json").write_text("{")
    )
    assert "its records are not of 272 bytes" in damaged(
        "d", lambda f: (f / data).write_bytes(b"\0" * (f / data).stat().st_size)
    )
    (tmp_path / "e").mkdir()
    with pytest.raises(
        FileNotFoundError,
        match=(
            "holds no presentations.tfrecord; expected a folder that `python -m"
            " v1keras.data shard` wrote"
        ),
    ):
        open_recording(tmp_path / "e")
    done = command("data", "shard", tmp_path / "whole.h5", f"--out={tmp_path / 'e'}")
    assert (
        done.returncode == 1
        and "is there already; name another folder or remove it" in done.stderr
    )


def test_a_file_too_large_for_the_memory_is_read_by_chunks(
    recording, tmp_path, monkeypatch
):
    monkeypatch.setattr(large_arrays, "_IN_MEMORY", 100)
    reopened = Recording.load(tmp_path / "whole.h5")
    assert reopened.images.base is not None
    np.testing.assert_array_equal(reopened.images, recording.images)
    np.testing.assert_array_equal(reopened.responses, recording.responses)
    rows = LazyRows(reopened.images[..., None], [3, 1])
    np.testing.assert_array_equal(np.asarray(rows), recording.images[[3, 1], ..., None])


def test_a_flipped_bit_in_a_shard_of_an_earlier_version_is_refused(tmp_path):
    """Its layout states no sha256; its records have checksums."""
    old = pathlib.Path(__file__).parent / "format_1_shard"
    copy = tmp_path / "old"
    shutil.copytree(old, copy)
    whole = (copy / "presentations.tfrecord").read_bytes()
    for place in np.random.default_rng(0).integers(0, 8 * len(whole), 60):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        (copy / "presentations.tfrecord").write_bytes(damaged)
        with pytest.raises(ValueError, match="shard the recording again"):
            open_recording(copy)
