"""One known value followed from each publisher's file to the `Recording`: images,
responses, repeats, splits, coordinates.
"""

import fake_datasets
import numpy as np
import pytest

from v1keras.data import sources
from v1keras.data.sources import sensorium2022


@pytest.mark.parametrize("form", ["pickle", "zip", "python 2"])
def test_cadena2019(tmp_path, form):
    content = fake_datasets.cadena()
    content["images"][7, 32, 36] = 17
    path = fake_datasets.cadena_file(
        tmp_path / "cadena_ploscb_data.pkl",
        content,
        protocol=2 if form == "python 2" else 3,
    )
    if form == "zip":
        path = fake_datasets.zipped(
            tmp_path / "a.zip",
            {"data_binned_responses/cadena_ploscb_data.pkl": path.read_bytes()},
        )
    recording = sources.read("cadena2019", path)
    # 140 pixels are 2 degrees, and every second is kept; spikes of 40 to 100 ms.
    assert recording.attributes["pixels_per_degree"] == 35
    assert recording.attributes["window_s"] == 0.06
    assert recording.images.shape == (40, 40, 40)
    assert recording.images.dtype == np.uint8
    assert recording.images[7, 1, 3] == 17
    np.testing.assert_array_equal(
        recording.images, content["images"][:, 30:110:2, 30:110:2]
    )
    for image, trial, neuron in ((5, 3, 1), (39, 0, 2), (0, 1, 0)):
        assert (
            recording.repeats[image, trial, neuron]
            == content["responses"][trial, image, neuron]
        )
    assert np.isnan(recording.repeats[5, 2:, 2]).all()
    assert np.isnan(recording.responses[3, 0])
    assert recording.responses[5, 2] == content["responses"][:2, 5, 2].mean()
    assert recording.covariates["image_type"][:6].tolist() == [
        "original",
        "conv1",
        "conv2",
        "conv3",
        "conv4",
        "original",
    ]
    assert recording.image_group[[0, 4, 5]].tolist() == [1, 1, 2]
    assert recording.neuron_session.tolist() == ["100", "101", "102"]
    assert recording.neurons["unit"].tolist() == [7, 8, 9]
    assert recording.indices("test").tolist() == list(range(32, 40))
    expected = np.random.RandomState(1000).permutation(32)[
        26:
    ]  # as the authors draw them
    assert recording.indices("validation").tolist() == sorted(expected)


@pytest.mark.parametrize("packed", [True, False])
def test_antolik2016(tmp_path, packed):
    regions = [
        fake_datasets.antolik(),
        fake_datasets.antolik(images=15, neurons=3, repeats=4, seed=8),
    ]
    files = fake_datasets.antolik_files(regions)
    path = (
        fake_datasets.zipped(tmp_path / "Data.zip", files)
        if packed
        else fake_datasets.unpacked(tmp_path / "antolik", files)
    )
    recording = sources.read("antolik2016_region2", path)
    region = regions[1]
    assert recording.images.shape == (25, 31, 31)
    assert recording.responses.shape == (25, 3)
    assert recording.images[4, 2, 5] == np.float32(
        region["training_inputs"][4, 2 * 31 + 5]
    )
    assert recording.images[15, 30, 0] == np.float32(
        region["validation_inputs"][0, 30 * 31]
    )
    assert recording.responses[14, 1] == np.float32(region["training_set"][14, 1])
    assert recording.repeats.shape == (10, 4, 3)
    assert recording.repeats[9, 1, 2] == np.float32(
        region["raw_validation_set"][1, 9, 2]
    )
    np.testing.assert_allclose(
        recording.responses[15:], region["validation_set"], rtol=1e-6
    )
    assert (
        recording.repeat_images.tolist()
        == recording.indices("test").tolist()
        == list(range(15, 25))
    )
    assert recording.indices("validation").tolist() == sorted(
        np.random.RandomState(1).permutation(15)[12:]
    )
    assert recording.attributes["name"] == "antolik2016_region2"


@pytest.mark.parametrize("packed", [True, False])
def test_sensorium2022(tmp_path, packed):
    scan = fake_datasets.sensorium()
    files = fake_datasets.sensorium_files(scan)
    path = (
        fake_datasets.zipped(tmp_path / "scan.zip", files)
        if packed
        else fake_datasets.unpacked(tmp_path / "scan", files)
    )
    recording = sources.read("sensorium2022_21067-10-18", path)
    assert recording.images.shape == (19, 2, 4) and recording.responses.shape == (19, 5)
    # rows are images in the order of their first presentation
    first = list(dict.fromkeys(scan["frame_image_id"].tolist()))
    for image in (100, 114, 201, 300):
        row, trials = (
            first.index(image),
            np.flatnonzero(scan["frame_image_id"] == image),
        )
        block = scan["images"][trials[0]][0, 4:8, 8:12].astype(float)
        assert recording.images[row, 1, 2] == block.mean()
        tier = scan["tiers"][trials[0]]
        assert (
            recording.split[row]
            == {"train": 0, "validation": 1, "test": 2, "final_test": -1}[tier]
        )
        assert recording.covariates["tier"][row] == tier
        np.testing.assert_allclose(
            recording.covariates["behavior"][row],
            scan["behavior"][trials].mean(axis=0),
            rtol=1e-6,
        )
        np.testing.assert_allclose(
            recording.covariates["pupil_center"][row],
            scan["pupil_center"][trials].mean(axis=0),
            rtol=1e-6,
        )
        if tier == "final_test":
            assert np.isnan(recording.responses[row]).all()  # withheld, not zero
        else:
            np.testing.assert_allclose(
                recording.responses[row],
                scan["responses"][trials].mean(axis=0),
                rtol=1e-6,
            )
        if tier == "test":
            np.testing.assert_array_equal(
                recording.repeats[recording.repeat_images.tolist().index(row)],
                scan["responses"][trials],
            )
    assert recording.repeat_images.tolist() == recording.indices("test").tolist()
    assert recording.repeats.shape == (2, 3, 5)
    np.testing.assert_array_equal(
        recording.neurons["coordinates"], scan["cell_motor_coordinates"]
    )
    assert recording.neurons["unit"].tolist() == [1, 2, 3, 4, 5]
    assert recording.neurons["area"].tolist() == ["V1"] * 5
    assert recording.attributes["name"] == "sensorium2022_21067-10-18"


def test_lurz2020_and_franke2022(tmp_path):
    scan = fake_datasets.sensorium(channels=1)
    root = "static20457-5-9-preproc0/"
    recording = sensorium2022.read_lurz(
        fake_datasets.zipped(
            tmp_path / "scan.zip", fake_datasets.sensorium_files(scan, root)
        )
    )
    np.testing.assert_array_equal(recording.images[0], scan["images"][0][0])
    assert recording.images.dtype == np.uint8
    assert recording.attributes["name"] == "lurz2020_20457-5-9"
    color = fake_datasets.sensorium(channels=2)
    path = fake_datasets.zipped(
        tmp_path / "color.zip", fake_datasets.sensorium_files(color, "")
    )
    np.testing.assert_array_equal(
        sources.read("franke2022_channel1", path).images[0], color["images"][0][1]
    )
    with pytest.raises(
        ValueError,
        match=(
            r"color\.zip: data/images/0\.npy is \(2, 8, 16\) uint8, expected \(1,"
            r" height, width\)"
        ),
    ):
        sensorium2022.read_lurz(path)


def test_allen_neuropixels(tmp_path):
    """Spikes at known times around each presentation: at 49 ms too early, at 51 and 299
    ms counted, at 301 ms of the next.
    """
    frames, onsets = fake_datasets.allen_presentations()
    shown = [np.flatnonzero(frames == scene) for scene in range(4)]
    train = np.concatenate([onsets[shown[2]] + 0.051, onsets[shown[2][1:2]] + 0.299])
    trains = [train, np.array([1.0]), np.sort(onsets[shown[0]] + 0.1), train]
    fake_datasets.allen_ephys(
        tmp_path / "a" / "sub-1_ses-2.nwb",
        frames,
        onsets,
        trains,
        quality=["good", "good", "noise", "good"],
    )
    scenes = fake_datasets.allen_scenes_of()
    fake_datasets.allen_templates(tmp_path / "a", scenes)
    recording = sources.read("allen_scenes", tmp_path / "a")
    assert recording.neurons["unit"].tolist() == [
        900
    ]  # of the other three one is noise, two are in VISl
    assert recording.neurons["coordinates"].tolist() == [[1, 3, 5]]
    assert recording.repeats.shape == (4, 3, 1)
    expected = np.zeros((4, 3))
    for place in np.ndindex(4, 3):
        begin = onsets[shown[place[0]][place[1]]] + 0.05
        expected[place] = sum(begin <= spike < begin + 0.25 for spike in train)
    np.testing.assert_array_equal(recording.repeats[..., 0], expected)
    assert expected[2].tolist() == [1, 2, 1]
    np.testing.assert_allclose(recording.responses, recording.repeats.mean(axis=1))
    # 40 x 58 pixels: two rows cut above and below, two columns left and right; blocks
    # of 18
    assert recording.images.shape == (4, 2, 3)
    assert recording.images[3, 1, 2] == pytest.approx(
        scenes[3, 20:38, 38:56].astype(float).mean(), rel=1e-6
    )


def test_allen_two_photon(tmp_path):
    frames, onsets = fake_datasets.allen_presentations()
    times = np.arange(0, onsets[-1] + 2, 0.03)
    traces = np.random.default_rng(0).normal(size=(len(times), 2))
    scenes = fake_datasets.allen_scenes_of()
    recording = sources.read(
        "allen_scenes",
        fake_datasets.allen_ophys(
            tmp_path / "s.nwb", frames, onsets, traces, times, scenes
        ),
    )
    second = onsets[np.flatnonzero(frames == 1)[2]]
    samples = [
        row
        for row, time in zip(traces, times, strict=True)
        if second <= time < second + 0.5
    ]
    np.testing.assert_allclose(
        recording.repeats[1, 2], np.mean(samples, axis=0), rtol=1e-5
    )
    assert recording.attributes["units"] == "dF/F"
    assert recording.repeats.shape == (4, 3, 2)
    assert recording.images[0, 0, 0] == pytest.approx(
        scenes[0, 2:20, 2:20].astype(float).mean(), rel=1e-6
    )


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in sources.SOURCES
        if name not in ("kindel2019", "tang2018", "tang2018_wide")
    ],
)
def test_datasets_that_are_not_there(name, tmp_path, monkeypatch):
    monkeypatch.setenv("V1KERAS_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"V1KERAS_DATA") as caught:
        sources.read(name)
    assert "http" in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match="no file or folder .*gone"):
        sources.read(name, tmp_path / "gone")
