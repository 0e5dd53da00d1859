"""Values followed from the session files of pvc-8 to the `Recording`."""

import fake_datasets
import numpy as np
import pytest

from v1keras.data import sources
from v1keras.data.sources import pvc8

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
    recording = sources.read("pvc8", folder)
    assert recording.images.shape == (270, 33, 33)
    assert recording.images.dtype == np.uint8
    assert recording.images[SMALL_PHOTOGRAPH, 1, 2] == 251
    for picture in (0, 100, 269):
        np.testing.assert_array_equal(
            recording.images[picture],
            sessions["01"]["images"][2 * picture, 0][127:193:2, 127:193:2],
        )
    assert recording.neuron_session.tolist() == [
        "01",
        "01",
        "02",
    ]  # the second unit of each is not centred
    assert recording.neurons["unit"].tolist() == [0, 2, 0]
    assert recording.neurons["for_tuning"].tolist() == [0, 0, 1]
    np.testing.assert_array_equal(
        recording.neurons["rf_spatial"][1], sessions["01"]["RF_SPATIAL"][2]
    )
    np.testing.assert_array_equal(
        recording.neurons["rf_tuning"][2], sessions["02"]["RF_TUNING"][0]
    )
    assert recording.repeats.shape == (270, 20, 3)
    assert recording.attributes["window_s"] == 0.105
    expected = np.zeros((270, 20))
    expected[SMALL_PHOTOGRAPH, 4] = 2 + 4  # the first bin and the last
    np.testing.assert_array_equal(recording.repeats[..., 1], expected)
    assert recording.responses[SMALL_PHOTOGRAPH, 1] == np.float32(6 / 20)
    for image, trial in ((0, 0), (17, 19), (269, 7)):
        train, blank = (
            sessions["02"]["resp_train"][0, 2 * image, trial],
            sessions["02"]["resp_train_blk"][0, 2 * image, trial],
        )
        assert recording.repeats[image, trial, 2] == sum(
            int(b) for b in train[50:]
        ) + sum(int(b) for b in blank[:50])
    assert recording.image_group[:10].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "degrees"), [("pvc8", 66 / 48), ("pvc8_large", 320 / 48)]
)
def test_pvc8_is_48_pixels_per_degree_before_pixels_are_left_out(
    name, degrees, pvc8_folder
):
    """As published: large pictures of 320 pixels are 6.7 degrees wide."""
    recording = sources.read(name, pvc8_folder[0])
    width = recording.images.shape[2] / recording.attributes["pixels_per_degree"]
    assert width == pytest.approx(degrees)
    assert recording.attributes["window_s"] == 0.105
    assert (
        recording.attributes["pixels_per_degree"]
        == {"pvc8": 24, "pvc8_large": 12}[name]
    )


def test_pvc8_window_is_that_of_its_bins(tmp_path):
    session = fake_datasets.pvc8_session(units=1, bins=106)
    path = fake_datasets.matlab_5(tmp_path / "01.mat", session)
    assert sources.read("pvc8", path).attributes["window_s"] == 0.106


@pytest.mark.slow
def test_pvc8_large(pvc8_folder):
    folder, sessions = pvc8_folder
    recording = sources.read("pvc8_large", folder)
    assert recording.images.shape == (270, 80, 80)
    np.testing.assert_array_equal(
        recording.images[SMALL_PHOTOGRAPH], sessions["01"]["images"][7, 0][::4, ::4]
    )
    assert np.argwhere(recording.repeats[..., 1]).tolist() == [[SMALL_PHOTOGRAPH, 4]]


@pytest.mark.slow
def test_pvc8_gratings(pvc8_folder):
    folder, sessions = pvc8_folder
    recording = sources.read("pvc8_gratings", folder)
    assert recording.images.shape == (416, 80, 80) and recording.image_group is None
    np.testing.assert_array_equal(
        recording.images[415], sessions["01"]["images"][955, 0][::4, ::4]
    )
    (answer,) = np.argwhere(recording.repeats[..., 1]).tolist()
    assert answer == [140, 0]
    assert {
        key: column[140]
        for key, column in recording.covariates.items()
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
