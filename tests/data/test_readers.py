"""One known value followed from each publisher's file to the `Recording`: images,
responses, repeats, splits, coordinates.
"""

import fake_datasets
import numpy as np
import pytest
from PIL import Image

from v1keras.data import sources
from v1keras.data.sources import arrays, pvc8, sensorium2022

SMALL_PHOTOGRAPH = 3  # the fourth small natural image: stimulus 7, counted from 1


@pytest.fixture(scope="module", params=["5", "7.3"])
def pvc8_folder(request, tmp_path_factory):
    """Two sessions; one unit with a single spike each in known bins."""
    folder = tmp_path_factory.mktemp("pvc8")
    write = {"5": fake_datasets.matlab_5, "7.3": fake_datasets.matlab_73}[request.param]
    sessions = {
        "01": fake_datasets.pvc8_session(),
        "02": fake_datasets.pvc8_session(units=2, seed=7),
    }
    first = sessions["01"]
    for name in ("resp_train", "resp_train_blk"):
        first[name][2] = 0
    # of stimulus 7, presentation 5: too early to be of it, its first bin, its last, too
    # late; numbers of spikes of which every sum is another
    first["resp_train"][2, 6, 4, [49, 50]] = [1, 2]
    first["resp_train_blk"][2, 6, 4, [49, 50]] = [4, 8]
    first["resp_train"][2, 7, 4, 60] = 1  # the same photograph, large
    first["resp_train"][2, 540 + 128 + 4 * 3, 0, 60] = (
        1  # the fourth of 16 orientations, first phase
    )
    first["images"][6, 0][127 + 2, 127 + 4] = 251
    for session in sessions.values():
        session["images"] = first["images"]
    for name, session in sessions.items():
        write(folder / f"{name}.mat", session)
    return folder, sessions


def test_pvc8_small(pvc8_folder):
    folder, sessions = pvc8_folder
    found = sources.read("pvc8", folder)
    assert found.images.shape == (270, 33, 33) and found.images.dtype == np.uint8
    assert found.images[SMALL_PHOTOGRAPH, 1, 2] == 251
    for picture in (0, 100, 269):
        np.testing.assert_array_equal(
            found.images[picture],
            sessions["01"]["images"][2 * picture, 0][127:193:2, 127:193:2],
        )
    assert found.neuron_session.tolist() == [
        "01",
        "01",
        "02",
    ]  # the second unit of each is not centred
    assert found.neurons["unit"].tolist() == [0, 2, 0]
    assert found.neurons["for_tuning"].tolist() == [0, 0, 1]
    np.testing.assert_array_equal(
        found.neurons["rf_spatial"][1], sessions["01"]["RF_SPATIAL"][2]
    )
    np.testing.assert_array_equal(
        found.neurons["rf_tuning"][2], sessions["02"]["RF_TUNING"][0]
    )
    assert found.repeats.shape == (270, 20, 3) and found.attributes["window_s"] == 0.105
    expected = np.zeros((270, 20))
    expected[SMALL_PHOTOGRAPH, 4] = 2 + 4  # the first bin and the last
    np.testing.assert_array_equal(found.repeats[..., 1], expected)
    assert found.responses[SMALL_PHOTOGRAPH, 1] == np.float32(6 / 20)
    for image, trial in ((0, 0), (17, 19), (269, 7)):
        train, blank = (
            sessions["02"]["resp_train"][0, 2 * image, trial],
            sessions["02"]["resp_train_blk"][0, 2 * image, trial],
        )
        assert found.repeats[image, trial, 2] == sum(int(b) for b in train[50:]) + sum(
            int(b) for b in blank[:50]
        )
    assert found.image_group[:10].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "degrees"), [("pvc8", 66 / 48), ("pvc8_large", 320 / 48)]
)
def test_pvc8_is_48_pixels_per_degree_before_pixels_are_left_out(
    name, degrees, pvc8_folder
):
    """As published: large pictures of 320 pixels are 6.7 degrees wide."""
    found = sources.read(name, pvc8_folder[0])
    width = found.images.shape[2] / found.attributes["pixels_per_degree"]
    assert width == pytest.approx(degrees)
    assert found.attributes["window_s"] == 0.105
    assert found.attributes["pixels_per_degree"] == {"pvc8": 24, "pvc8_large": 12}[name]


def test_pvc8_window_is_that_of_its_bins(tmp_path):
    session = fake_datasets.pvc8_session(units=1, bins=106)
    path = fake_datasets.matlab_5(tmp_path / "01.mat", session)
    assert sources.read("pvc8", path).attributes["window_s"] == 0.106


def test_pvc8_large(pvc8_folder):
    folder, sessions = pvc8_folder
    found = sources.read("pvc8_large", folder)
    assert found.images.shape == (270, 80, 80)
    np.testing.assert_array_equal(
        found.images[SMALL_PHOTOGRAPH], sessions["01"]["images"][7, 0][::4, ::4]
    )
    assert np.argwhere(found.repeats[..., 1]).tolist() == [[SMALL_PHOTOGRAPH, 4]]


def test_pvc8_gratings(pvc8_folder):
    folder, sessions = pvc8_folder
    found = sources.read("pvc8_gratings", folder)
    assert found.images.shape == (416, 80, 80) and found.image_group is None
    np.testing.assert_array_equal(
        found.images[415], sessions["01"]["images"][955, 0][::4, ::4]
    )
    (answer,) = np.argwhere(found.repeats[..., 1]).tolist()
    assert answer == [140, 0]
    assert {
        key: column[140]
        for key, column in found.covariates.items()
        if key in ("series", "phase", "orientation")
    } == {
        "series": "orientation",
        "phase": 0,
        "orientation": 90 - 3 * 11.25,
    }
    # Spelled out as nested loops, the last the fastest, from the publishers' reshapes
    rows = [
        ("spatial frequency", p, o, f, np.nan, "")
        for f in 2.0 ** np.arange(-2, 3.5, 0.7)
        for o in (0, 45, 90, 135)
        for p in range(4)
    ]
    rows += [
        ("orientation", p, 90 - 11.25 * o, np.nan, np.nan, "")
        for o in range(16)
        for p in range(4)
    ]
    radii = [round(2 ** (-1.56 + 0.7 * i) * 48) / 48 for i in range(7)]
    rows += [
        ("size", p, o, np.nan, r, c)
        for o in (0, 45, 90, 135)
        for r in radii
        for c in ("disc", "annulus")
        for p in range(4)
    ]
    for column, expected in zip(
        pvc8.gratings().values(), zip(*rows, strict=True), strict=True
    ):
        np.testing.assert_array_equal(column, np.array(expected))


def test_pvc8_sessions_that_saw_different_images(tmp_path):
    fake_datasets.matlab_5(tmp_path / "01.mat", fake_datasets.pvc8_session(units=1))
    fake_datasets.matlab_5(
        tmp_path / "02.mat",
        fake_datasets.pvc8_session(units=1, images=fake_datasets.pvc8_images(seed=1)),
    )
    with pytest.raises(
        ValueError, match=r"02\.mat: its small stimuli are not those of .*01\.mat"
    ):
        sources.read("pvc8", tmp_path)


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
    found = sources.read("cadena2019", path)
    # 140 pixels are 2 degrees, and every second is kept; spikes of 40 to 100 ms.
    assert found.attributes["pixels_per_degree"] == 35
    assert found.attributes["window_s"] == 0.06
    assert (
        found.images.shape == (40, 40, 40)
        and found.images.dtype == np.uint8
        and found.images[7, 1, 3] == 17
    )
    np.testing.assert_array_equal(
        found.images, content["images"][:, 30:110:2, 30:110:2]
    )
    for image, trial, neuron in ((5, 3, 1), (39, 0, 2), (0, 1, 0)):
        assert (
            found.repeats[image, trial, neuron]
            == content["responses"][trial, image, neuron]
        )
    assert np.isnan(found.repeats[5, 2:, 2]).all() and np.isnan(found.responses[3, 0])
    assert found.responses[5, 2] == content["responses"][:2, 5, 2].mean()
    assert found.covariates["image_type"][:6].tolist() == [
        "original",
        "conv1",
        "conv2",
        "conv3",
        "conv4",
        "original",
    ]
    assert found.image_group[[0, 4, 5]].tolist() == [1, 1, 2]
    assert found.neuron_session.tolist() == ["100", "101", "102"] and found.neurons[
        "unit"
    ].tolist() == [7, 8, 9]
    assert found.indices("test").tolist() == list(range(32, 40))
    expected = np.random.RandomState(1000).permutation(32)[
        26:
    ]  # as the authors draw them
    assert found.indices("validation").tolist() == sorted(expected)


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
    found = sources.read("antolik2016_region2", path)
    region = regions[1]
    assert found.images.shape == (25, 31, 31) and found.responses.shape == (25, 3)
    assert found.images[4, 2, 5] == np.float32(region["training_inputs"][4, 2 * 31 + 5])
    assert found.images[15, 30, 0] == np.float32(
        region["validation_inputs"][0, 30 * 31]
    )
    assert found.responses[14, 1] == np.float32(region["training_set"][14, 1])
    assert found.repeats.shape == (10, 4, 3) and found.repeats[9, 1, 2] == np.float32(
        region["raw_validation_set"][1, 9, 2]
    )
    np.testing.assert_allclose(
        found.responses[15:], region["validation_set"], rtol=1e-6
    )
    assert (
        found.repeat_images.tolist()
        == found.indices("test").tolist()
        == list(range(15, 25))
    )
    assert found.indices("validation").tolist() == sorted(
        np.random.RandomState(1).permutation(15)[12:]
    )
    assert found.attributes["name"] == "antolik2016_region2"


@pytest.mark.parametrize("packed", [True, False])
def test_sensorium2022(tmp_path, packed):
    scan = fake_datasets.sensorium()
    files = fake_datasets.sensorium_files(scan)
    path = (
        fake_datasets.zipped(tmp_path / "scan.zip", files)
        if packed
        else fake_datasets.unpacked(tmp_path / "scan", files)
    )
    found = sources.read("sensorium2022_21067-10-18", path)
    assert found.images.shape == (19, 2, 4) and found.responses.shape == (19, 5)
    # rows are images in the order of their first presentation
    first = list(dict.fromkeys(scan["frame_image_id"].tolist()))
    for image in (100, 114, 201, 300):
        row, trials = (
            first.index(image),
            np.flatnonzero(scan["frame_image_id"] == image),
        )
        block = scan["images"][trials[0]][0, 4:8, 8:12].astype(float)
        assert found.images[row, 1, 2] == block.mean()
        tier = scan["tiers"][trials[0]]
        assert (
            found.split[row]
            == {"train": 0, "validation": 1, "test": 2, "final_test": -1}[tier]
        )
        assert found.covariates["tier"][row] == tier
        np.testing.assert_allclose(
            found.covariates["behavior"][row],
            scan["behavior"][trials].mean(axis=0),
            rtol=1e-6,
        )
        np.testing.assert_allclose(
            found.covariates["pupil_center"][row],
            scan["pupil_center"][trials].mean(axis=0),
            rtol=1e-6,
        )
        if tier == "final_test":
            assert np.isnan(found.responses[row]).all()  # withheld, not zero
        else:
            np.testing.assert_allclose(
                found.responses[row], scan["responses"][trials].mean(axis=0), rtol=1e-6
            )
        if tier == "test":
            np.testing.assert_array_equal(
                found.repeats[found.repeat_images.tolist().index(row)],
                scan["responses"][trials],
            )
    assert found.repeat_images.tolist() == found.indices(
        "test"
    ).tolist() and found.repeats.shape == (2, 3, 5)
    np.testing.assert_array_equal(
        found.neurons["coordinates"], scan["cell_motor_coordinates"]
    )
    assert (
        found.neurons["unit"].tolist() == [1, 2, 3, 4, 5]
        and found.neurons["area"].tolist() == ["V1"] * 5
    )
    assert found.attributes["name"] == "sensorium2022_21067-10-18"


def test_lurz2020_and_franke2022(tmp_path):
    scan = fake_datasets.sensorium(channels=1)
    root = "static20457-5-9-preproc0/"
    found = sensorium2022.read_lurz(
        fake_datasets.zipped(
            tmp_path / "scan.zip", fake_datasets.sensorium_files(scan, root)
        )
    )
    np.testing.assert_array_equal(found.images[0], scan["images"][0][0])
    assert (
        found.images.dtype == np.uint8
        and found.attributes["name"] == "lurz2020_20457-5-9"
    )
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
    found = sources.read("allen_scenes", tmp_path / "a")
    assert found.neurons["unit"].tolist() == [
        900
    ]  # of the other three one is noise, two are in VISl
    assert found.neurons["coordinates"].tolist() == [[1, 3, 5]]
    assert found.repeats.shape == (4, 3, 1)
    expected = np.zeros((4, 3))
    for place in np.ndindex(4, 3):
        begin = onsets[shown[place[0]][place[1]]] + 0.05
        expected[place] = sum(begin <= spike < begin + 0.25 for spike in train)
    np.testing.assert_array_equal(found.repeats[..., 0], expected)
    assert expected[2].tolist() == [1, 2, 1]
    np.testing.assert_allclose(found.responses, found.repeats.mean(axis=1))
    # 40 x 58 pixels: two rows cut above and below, two columns left and right; blocks
    # of 18
    assert found.images.shape == (4, 2, 3)
    assert found.images[3, 1, 2] == pytest.approx(
        scenes[3, 20:38, 38:56].astype(float).mean(), rel=1e-6
    )


def test_allen_two_photon(tmp_path):
    frames, onsets = fake_datasets.allen_presentations()
    times = np.arange(0, onsets[-1] + 2, 0.03)
    traces = np.random.default_rng(0).normal(size=(len(times), 2))
    scenes = fake_datasets.allen_scenes_of()
    found = sources.read(
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
    np.testing.assert_allclose(found.repeats[1, 2], np.mean(samples, axis=0), rtol=1e-5)
    assert found.attributes["units"] == "dF/F" and found.repeats.shape == (4, 3, 2)
    assert found.images[0, 0, 0] == pytest.approx(
        scenes[0, 2:20, 2:20].astype(float).mean(), rel=1e-6
    )


def own_files(folder):
    """The same arrays in every kind of file."""
    rng = np.random.default_rng(6)
    images = rng.integers(0, 256, (12, 6, 7), dtype=np.uint8)
    responses, repeats = rng.random((12, 3)), rng.random((12, 4, 3))
    for suffix, stored in (("npy", images), ("rows.npy", np.asfortranarray(images))):
        np.save(folder / f"images.{suffix}", stored)
    np.save(folder / "responses.npy", responses)
    np.save(folder / "repeats.npy", repeats)
    np.savez(folder / "all.npz", images=images, responses=responses, repeats=repeats)
    fake_datasets.matlab_5(
        folder / "five.mat",
        {"images": images, "responses": responses, "repeats": repeats},
    )
    fake_datasets.matlab_73(
        folder / "seven.mat",
        {"images": images, "responses": responses, "repeats": repeats},
    )
    (folder / "responses.csv").write_text(
        "\n".join(",".join(repr(float(value)) for value in row) for row in responses)
    )
    (folder / "pictures").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / "pictures" / f"{i}.png")
    return images, responses, repeats


@pytest.mark.parametrize(
    "where",
    [
        {"images": "images.npy", "responses": "responses.npy"},
        {"images": "images.rows.npy", "responses": "responses.csv"},
        {"images": "all.npz:images", "responses": "all.npz:responses"},
        {"images": "five.mat:images", "responses": "five.mat:responses"},
        {"images": "seven.mat:images", "responses": "seven.mat:responses"},
        {"images": "pictures", "responses": "responses.npy"},
    ],
)
def test_own_arrays(tmp_path, where):
    images, responses, repeats = own_files(tmp_path)
    (tmp_path / "session.csv").write_text("a\na\nb\n")
    np.save(tmp_path / "depth.npy", np.array([[0.1], [0.2], [0.3]]))
    np.save(tmp_path / "split.npy", np.arange(12) % 3)
    columns = {
        "split": tmp_path / "split.npy",
        "neuron_session": tmp_path / "session.csv",
        "neurons/depth": tmp_path / "depth.npy",
    }
    repeats_file = tmp_path / where["responses"].replace(
        "responses", "repeats"
    ).replace(".csv", ".npy")
    paths = {key: tmp_path / path for key, path in where.items()}
    found = arrays.read(
        **paths,
        repeats=repeats_file,
        columns=columns,
        attributes={"units": "spikes per presentation", "window_s": "0.1"},
    )
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.responses, responses.astype(np.float32))
    np.testing.assert_array_equal(found.repeats, repeats.astype(np.float32))
    assert found.images.dtype == np.uint8 and found.split.tolist() == [0, 1, 2] * 4
    assert found.neuron_session.tolist() == ["a", "a", "b"] and found.neurons[
        "depth"
    ].tolist() == [0.1, 0.2, 0.3]
    assert found.attributes == {"units": "spikes per presentation", "window_s": 0.1}


def test_own_arrays_without_means(tmp_path):
    _, _, repeats = own_files(tmp_path)
    found = arrays.read(tmp_path / "images.npy", repeats=tmp_path / "repeats.npy")
    np.testing.assert_allclose(found.responses, repeats.mean(axis=1), rtol=1e-6)


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
