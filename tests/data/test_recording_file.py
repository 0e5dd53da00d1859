import pathlib
import resource
import subprocess
import sys

import h5py
import numpy as np
import pytest
from full_recording import arrays, saved

from v1keras.data import Recording, open_recording, shards
from v1keras.io.atomic import sha256

FOLDER = pathlib.Path(__file__).parent


def test_round_trip_keeps_every_field(tmp_path):
    expected, reopened = arrays(), Recording.load(saved(tmp_path))
    for name in (
        "images",
        "responses",
        "split",
        "repeats",
        "repeat_images",
        "image_group",
        "neuron_session",
    ):
        np.testing.assert_array_equal(
            getattr(reopened, name), expected[name], err_msg=name
        )
        assert getattr(reopened, name).dtype.kind == expected[name].dtype.kind, name
    assert reopened.images.dtype == np.uint8 and reopened.split.dtype == np.int8
    assert reopened.responses.dtype == reopened.repeats.dtype == np.float32
    for group in ("neurons", "covariates"):
        columns = getattr(reopened, group)
        assert columns.keys() == expected[group].keys()
        for name, column in expected[group].items():
            np.testing.assert_array_equal(columns[name], column, err_msg=name)
            assert columns[name].dtype.kind == column.dtype.kind, name
    assert reopened.attributes == expected["attributes"]
    assert {key: type(value) for key, value in reopened.attributes.items()} == {
        key: type(value) for key, value in expected["attributes"].items()
    }


def test_round_trip_of_the_least(tmp_path):
    images = np.linspace(-1.5, 1.5, 3 * 4 * 4).reshape(3, 4, 4)
    Recording(images, [[1, 2], [0, 5], [3, 3]]).save(tmp_path / "least.h5")
    reopened = Recording.load(tmp_path / "least.h5")
    np.testing.assert_array_equal(reopened.images, images.astype(np.float32))
    assert reopened.images.dtype == np.float32
    assert reopened.responses.tolist() == [[1, 2], [0, 5], [3, 3]]
    assert reopened.split.tolist() == [-1, -1, -1]
    assert [
        reopened.repeats,
        reopened.repeat_images,
        reopened.image_group,
        reopened.neuron_session,
    ] == [None] * 4
    assert reopened.neurons == reopened.attributes == {}


def test_same_recording_gives_same_bytes(tmp_path):
    Recording(**arrays()).save(tmp_path / "again.h5")
    assert sha256(saved(tmp_path)) == sha256(tmp_path / "again.h5")


def test_file_that_is_no_hdf5(tmp_path):
    path = tmp_path / "text.h5"
    path.write_text("images,responses\n")
    with pytest.raises(
        ValueError, match=r"text\.h5 is not an HDF5 file; expected a recording"
    ):
        Recording.load(path)
    with pytest.raises(FileNotFoundError, match=r"no recording at .*gone\.h5"):
        Recording.load(tmp_path / "gone.h5")


def test_file_that_is_cut_off(tmp_path):
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises((ValueError, OSError), match=r"recording\.h5.*truncated"):
        Recording.load(path)


@pytest.mark.parametrize("name", ["format_1.h5", "format_1_shard"])
def test_recordings_of_format_1_open(name):
    recording = open_recording(FOLDER / name)
    assert recording.images.shape == (6, 4, 5) and recording.images.dtype == np.uint8
    assert recording.images.ravel().tolist() == list(range(120))
    expected = np.arange(12).reshape(6, 2) / 4
    expected[3, 1] = np.nan
    np.testing.assert_array_equal(recording.responses, expected)
    assert recording.split.tolist() == [0, 0, 0, 1, 2, 2]
    assert recording.image_group.tolist() == [0, 0, 1, 2, 3, 3]
    assert recording.repeats.tolist() == [[[2, 2.5], [2, 2]], [[2, 2.5], [3, 3]]]
    assert recording.repeat_images.tolist() == [4, 5]
    assert recording.neuron_session.tolist() == ["01", "02"]
    assert recording.neurons["kind"].tolist() == ["simple", "complex"]
    columns = {name: list(column) for name, column in recording.covariates.items()}
    pupil = np.stack(columns.pop("pupil_center"))
    assert columns == {
        "category": list("abcabc"),
        "running_cm_s": [0.0, 4.0, 20.0, 1.0, 2.5, 0.5],
    }
    assert pupil.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]
    assert recording.attributes == {
        "name": "format_1",
        "units": "spikes per presentation",
        "window_s": 0.1,
        "presentations": 2,
    }


def test_a_recording_of_format_1_is_written_as_format_2(tmp_path):
    Recording.load(FOLDER / "format_1.h5").save(tmp_path / "new.h5")
    with h5py.File(tmp_path / "new.h5") as file:
        assert file.attrs["format_version"] == 2
        assert "stimuli" not in file
        names = sorted(file["covariates"])
    assert names == ["category", "pupil_center", "running_cm_s"]
    shards.write(open_recording(FOLDER / "format_1_shard"), tmp_path / "shard")
    again = open_recording(tmp_path / "shard")
    assert again.covariates["category"].tolist() == list("abcabc")


@pytest.mark.parametrize("group", ["stimuli", "covariates"])
def test_file_without_a_version(tmp_path, group):
    """Users write such files themselves, as the documents of their time say."""
    with h5py.File(tmp_path / "own.h5", "w") as file:
        file["images"] = np.zeros((2, 4, 4), np.uint8)
        file["responses"] = [[1.0], [2.0]]
        file[f"{group}/running"] = [3.0, 4.0]
    recording = Recording.load(tmp_path / "own.h5")
    assert recording.covariates["running"].tolist() == [3.0, 4.0]


SAVE_ANOTHER = """
import sys, numpy as np
from v1keras.data import Recording
rng = np.random.default_rng(0)
images = rng.integers(0, 256, (20, 64, 64), dtype=np.uint8)
Recording(images, rng.random((20, 2))).save(sys.argv[1])
"""


def test_save_to_a_full_disk_leaves_the_old_file(tmp_path):
    path = saved(tmp_path)
    before = sha256(path)

    def limit():  # noise does not compress: the 80 kB of images don't fit into 40
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    command = [sys.executable, "-B", "-c", SAVE_ANOTHER, path]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True)
    assert done.returncode == 1 and "OSError" in done.stderr.splitlines()[-1]
    assert sha256(path) == before
    assert list(tmp_path.iterdir()) == [path]


def test_save_below_a_file(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OSError, match="file"):
        Recording(**arrays()).save(tmp_path / "file" / "recording.h5")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["kept"]


def test_save_of_a_bad_recording_writes_nothing(tmp_path):
    path = saved(tmp_path)
    before = sha256(path)
    recording = Recording(**arrays())
    recording.responses = recording.responses[:4]
    with pytest.raises(ValueError, match=r"responses: found \(4, 3\)"):
        recording.save(path)
    assert sha256(path) == before and list(tmp_path.iterdir()) == [path]
