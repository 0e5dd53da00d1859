import resource
import subprocess
import sys

import h5py
import numpy as np
import pytest

from v1keras.data import Recording
from v1keras.io.atomic import sha256

IMAGES, NEURONS = 6, 3


def arrays():
    """Every field that a recording can have, as keyword arguments."""
    rng = np.random.default_rng(0)
    responses = rng.poisson(3.0, (IMAGES, NEURONS)).astype(np.float32)
    responses[1, 2] = np.nan
    repeats = rng.poisson(3.0, (2, 4, NEURONS)).astype(np.float32)
    repeats[0, 3, 1] = np.nan
    return {
        "images": rng.integers(0, 256, (IMAGES, 5, 7), dtype=np.uint8),
        "responses": responses,
        "split": np.array([0, 0, 1, -1, 2, 2], np.int8),
        "repeats": repeats,
        "repeat_images": np.array([5, 4]),
        "image_group": np.array([0, 0, 1, 2, 3, 3]),
        "neuron_session": np.array(["früh", "a", "late one"]),
        "neurons": {
            "kind": np.array(["simple", "", "complex"]),
            "depth": np.array([0.1, np.nan, 3.0]),
            "filter": rng.normal(size=(NEURONS, 5, 7)).astype(np.float32),
        },
        "stimuli": {
            "orientation": np.array([0.0, 45, 90, 135, np.nan, 0]),
            "patch": np.array(["", "disc", "ring", "", "größer", "x"]),
        },
        "attributes": {
            "name": "a recording",
            "units": "spikes per presentation",
            "window_s": 0.105,
            "presentations": 20,
            "pixels_per_degree": 24.0,
            "species": "Macaca fascicularis",
            "area": "V1",
            "technique": "Utah array",
            "license": "CC0",
            "citation": "Müller & Weiß 2019",
            "source": "https://example.org",
        },
    }


def saved(tmp_path):
    path = tmp_path / "recording.h5"
    Recording(**arrays()).save(path)
    return path


def replaced(path, name, value):
    """The file with one dataset replaced; None takes it away."""
    with h5py.File(path, "a") as file:
        if name in file:
            del file[name]
        if value is not None:
            file[name] = value
    return path


def test_round_trip_keeps_every_field(tmp_path):
    expected, found = arrays(), Recording.load(saved(tmp_path))
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
            getattr(found, name), expected[name], err_msg=name
        )
        assert getattr(found, name).dtype.kind == expected[name].dtype.kind, name
    assert found.images.dtype == np.uint8 and found.split.dtype == np.int8
    assert found.responses.dtype == found.repeats.dtype == np.float32
    for group in ("neurons", "stimuli"):
        columns = getattr(found, group)
        assert columns.keys() == expected[group].keys()
        for name, column in expected[group].items():
            np.testing.assert_array_equal(columns[name], column, err_msg=name)
            assert columns[name].dtype.kind == column.dtype.kind, name
    assert found.attributes == expected["attributes"]
    assert {key: type(value) for key, value in found.attributes.items()} == {
        key: type(value) for key, value in expected["attributes"].items()
    }


def test_round_trip_of_the_least(tmp_path):
    images = np.linspace(-1.5, 1.5, 3 * 4 * 4).reshape(3, 4, 4)
    Recording(images, [[1, 2], [0, 5], [3, 3]]).save(tmp_path / "least.h5")
    found = Recording.load(tmp_path / "least.h5")
    np.testing.assert_array_equal(found.images, images.astype(np.float32))
    assert found.images.dtype == np.float32
    assert found.responses.tolist() == [[1, 2], [0, 5], [3, 3]]
    assert found.split.tolist() == [-1, -1, -1]
    assert [
        found.repeats,
        found.repeat_images,
        found.image_group,
        found.neuron_session,
    ] == [None] * 4
    assert found.neurons == found.attributes == {}


def test_same_recording_gives_same_bytes(tmp_path):
    Recording(**arrays()).save(tmp_path / "again.h5")
    assert sha256(saved(tmp_path)) == sha256(tmp_path / "again.h5")


def test_file_that_is_no_hdf5(tmp_path):
    path = tmp_path / "text.h5"
    path.write_text("images,responses\n")
    with pytest.raises(
        ValueError, match=r"text\.h5 is no HDF5 file; expected a recording"
    ):
        Recording.load(path)
    with pytest.raises(FileNotFoundError, match=r"no recording at .*gone\.h5"):
        Recording.load(tmp_path / "gone.h5")


def test_file_that_is_cut_off(tmp_path):
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises((ValueError, OSError), match=r"recording\.h5.*truncated"):
        Recording.load(path)


@pytest.mark.parametrize(
    "name, value, message",
    [
        (
            "images",
            None,
            r"no dataset 'images'; found .*responses.*; expected images and responses",
        ),
        (
            "responses",
            None,
            r"no dataset 'responses'; found .*images.*; expected images and responses",
        ),
        (
            "images",
            np.zeros((IMAGES, 35), np.uint8),
            r"images: found \(6, 35\), expected \(n, height, width\)",
        ),
        (
            "images",
            np.zeros((IMAGES, 5, 7, 3)),
            (
                r"images: found \(6, 5, 7, 3\), expected .*: one grey level a pixel;"
                r" average the colours"
            ),
        ),
        (
            "responses",
            np.zeros((NEURONS, IMAGES)),
            r"responses: found \(3, 6\), expected .*; transpose them",
        ),
        (
            "images",
            np.full((IMAGES, 5, 7), np.nan, np.float32),
            r"images: found NaN or infinity, expected finite pixels",
        ),
        (
            "responses",
            np.zeros((5, NEURONS)),
            (
                r"responses: found \(5, 3\), expected \(6, neurons\): a row for each of"
                r" the 6 im"
            ),
        ),
        (
            "responses",
            np.arange(6.0),
            r"responses: found \(6,\), expected \(6, neurons\)",
        ),
        (
            "responses",
            np.full((IMAGES, NEURONS), np.inf),
            r"responses: found infinity, expected finite numbers, or NaN",
        ),
        (
            "responses",
            ["a"] * IMAGES,
            r"responses: found type object, expected numbers",
        ),
        (
            "split",
            [0, 0, 1, 2, 3, 3],
            r"split: found \[0, 1, 2, 3\], expected -1, 0, 1 or 2",
        ),
        ("split", [0, 1, 2], r"split: found \(3,\), expected \(6,\)"),
        ("image_group", [0, 1, 2], r"image_group: found \(3,\), expected \(6,\)"),
        (
            "repeat_images",
            None,
            (
                r"repeat_images: found nothing, expected both repeats and"
                r" repeat_images, or neither"
            ),
        ),
        (
            "repeats",
            None,
            (
                r"repeats: found nothing, expected both repeats and repeat_images, or"
                r" neither"
            ),
        ),
        (
            "repeats",
            np.zeros((2, 1, NEURONS)),
            (
                r"repeats: found \(2, 1, 3\), expected \(images, two or more repeats, 3"
                r" neurons\)"
            ),
        ),
        (
            "repeats",
            np.zeros((2, 4, 2)),
            (
                r"repeats: found \(2, 4, 2\), expected \(images, two or more repeats, 3"
                r" neurons\)"
            ),
        ),
        ("repeat_images", [1, 2, 3], r"repeat_images: found \(3,\), expected \(2,\)"),
        (
            "repeat_images",
            [5, 6],
            r"repeat_images: found \[5, 6\], expected different indices below 6",
        ),
        (
            "repeat_images",
            [4.5, 5],
            r"repeat_images: found \[4\.5\], expected whole numbers \(int64\)",
        ),
        (
            "split",
            [0, 0, 0.5, 1, 2, 2],
            r"split: found \[0\.5\], expected whole numbers \(int8\)",
        ),
        (
            "repeat_images",
            [5, 5],
            r"repeat_images: found \[5, 5\], expected different indices below 6",
        ),
        (
            "neuron_session",
            ["a", "b"],
            r"neuron_session: found \(2,\), expected \(3,\) strings",
        ),
        (
            "stimuli/orientation",
            [0.0, 1.0],
            r"stimuli/orientation: found \(2,\), expected \(6, \.\.\.\)",
        ),
        (
            "neurons/depth",
            [0.0, 1.0],
            r"neurons/depth: found \(2,\), expected \(3, \.\.\.\)",
        ),
    ],
)
def test_dataset_that_does_not_fit(tmp_path, name, value, message):
    path = replaced(saved(tmp_path), name, value)
    with pytest.raises(ValueError, match=r"recording\.h5: " + message) as caught:
        Recording.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("window_s", "soon", r"attribute window_s: found 'soon', expected float"),
        ("window_s", 0.0, r"attribute window_s: found 0\.0, expected a number above 0"),
        (
            "presentations",
            -1,
            r"attribute presentations: found -1, expected a number above 0",
        ),
        ("format_version", 99, r"format_version 99; this version of v1keras reads 1"),
    ],
)
def test_attribute_that_does_not_fit(tmp_path, key, value, message):
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        file.attrs[key] = value
    with pytest.raises(ValueError, match=r"recording\.h5: " + message):
        Recording.load(path)


def test_unknown_attribute():
    with pytest.raises(
        ValueError,
        match=r"attribute windows: found 1, expected one of name, units, window_s",
    ):
        Recording(np.zeros((2, 3, 3)), [[1.0], [2.0]], attributes={"windows": 1})


def test_neuron_without_responses_is_kept(tmp_path):
    path = saved(tmp_path)
    responses = arrays()["responses"]
    responses[:, 1] = np.nan
    with pytest.warns(
        UserWarning,
        match=r"neurons 1 have no response at all: kept, but left out of every mean",
    ):
        found = Recording.load(replaced(path, "responses", responses))
    np.testing.assert_array_equal(found.responses, responses)
    expected = [
        responses[:, 0].mean() / 0.105,
        np.nan,
        responses[[0, 2, 3, 4, 5], 2].mean() / 0.105,
    ]
    np.testing.assert_allclose(found.mean_rates_hz, expected, rtol=1e-6)


def test_constant_neuron_is_kept(tmp_path):
    responses = arrays()["responses"]
    responses[:, 2] = 4
    with pytest.warns(
        UserWarning,
        match=r"neurons 2 answer all images alike: nothing to predict; kept",
    ):
        found = Recording.load(replaced(saved(tmp_path), "responses", responses))
    np.testing.assert_array_equal(found.responses, responses)


def test_indices_of_a_side():
    recording = Recording(**arrays())
    assert [
        recording.indices(side).tolist() for side in ("train", "validation", "test")
    ] == [[0, 1], [2], [4, 5]]
    with pytest.raises(
        ValueError,
        match=r"split: found 'tset', expected one of train, validation, test",
    ):
        recording.indices("tset")
    without = recording.with_split([0, 0, 0, 1, 1, 1])
    with pytest.raises(
        ValueError,
        match=(
            r"recording 'a recording' has no test images .*'train': 3, 'validation': 3,"
            r" 'test': 0"
        ),
    ):
        without.indices("test")
    assert recording.indices("test").tolist() == [4, 5]


def test_neurons_for_tuning_are_not_reported():
    fields = arrays()
    fields["neurons"]["for_tuning"] = np.array([0, 1, 0], np.uint8)
    assert Recording(**fields).included.tolist() == [True, False, True]
    assert Recording(**arrays()).included.tolist() == [True, True, True]


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
