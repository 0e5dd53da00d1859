"""NWB files with the tables of archives: several stimuli in one, marks of cells."""

import numpy as np
import pytest

nwb_files = pytest.importorskip("nwb_files", exc_type=ImportError)

from nwb_files import IMAGES, ONSETS, TRAINS, allen  # noqa: E402

from v1keras.data.sources import nwb  # noqa: E402
from v1keras.data.sources.nwb import Choices  # noqa: E402

RNG = np.random.default_rng(0)
# Two stimuli, both with an index that counts from 0, and blanks between.
STIMULUS = np.array(["natural_scenes", "movie", "spontaneous"])[RNG.integers(0, 3, 20)]
FRAMES = np.where(STIMULUS == "spontaneous", -1, RNG.integers(0, 4, 20))


def mean_counts(rows, frames=FRAMES):
    """Spikes from 0.05 to 0.3 s after the onsets of each image, one by one."""
    means = []
    for image in np.unique(frames[rows]):
        counts = []
        for row in np.flatnonzero(rows & (frames == image)):
            begin = ONSETS[row] + 0.05
            inside = [(begin <= train) & (train < begin + 0.25) for train in TRAINS]
            counts.append([spikes.sum() for spikes in inside])
        means.append(np.mean(counts, axis=0))
    return np.array(means)


@pytest.mark.parametrize("column", ["stimulus_name", "stimulus_type"])
@pytest.mark.parametrize("index", ["frame", "image_index"])
def test_rows_of_another_stimulus_are_never_taken(tmp_path, column, index):
    columns = {column: STIMULUS.tolist()}
    path = allen(tmp_path / "a.nwb", frames=FRAMES, column=index, **columns)
    words = f"several stimuli .{column}: movie, natural_scenes.*--where={column}=NAME"
    with pytest.raises(ValueError, match=words):
        nwb.read([path])
    recording = nwb.read([path], Choices(where=[f"{column}=natural_scenes"]))
    rows = STIMULUS == "natural_scenes"
    shown = np.unique(FRAMES[rows])
    # In the order in which sessions are joined.
    order = [
        np.flatnonzero((IMAGES[shown] == image).all(axis=(1, 2)))[0]
        for image in recording.images
    ]
    np.testing.assert_allclose(recording.responses, mean_counts(rows)[order], rtol=1e-6)


def test_one_stimulus_beside_blanks_is_not_asked_about(tmp_path):
    names = np.where(FRAMES < 0, "spontaneous", "natural_scenes")
    columns = {"stimulus_name": names.tolist()}
    path = allen(tmp_path / "a.nwb", frames=FRAMES, **columns)
    recording = nwb.read([path])
    assert len(recording.images) == len(np.unique(FRAMES[FRAMES >= 0]))


def test_two_columns_that_may_be_the_index_are_asked_about(tmp_path):
    path = allen(tmp_path / "a.nwb", image_index=FRAMES[::-1].tolist())
    with pytest.raises(ValueError, match="--frame_column=NAME; there are frame, image"):
        nwb.read([path])
    recording = nwb.read([path], Choices(frame_column="frame"))
    assert len(recording.images) == 4


def mark(name, values):
    """A change that marks three ROIs as suite2p does, or with a number each."""

    def change(file):
        nwb_files.traces(file)
        rois = file.processing["ophys"]["ImageSegmentation"]["ROIs"]
        rois.add_column(name, "marks", data=values)

    return change


@pytest.mark.parametrize(
    ("values", "cell"),
    [(np.array([[1, 0.9], [0, 0.2], [1, 0.7]]), "1"), ([True, False, True], "True")],
)
def test_rois_that_are_no_cells_are_told_and_can_be_left_out(tmp_path, values, cell):
    path = allen(tmp_path / "a.nwb", mark("iscell", values))
    choices = {"responses": "dff", "window": 0.2}
    with pytest.warns(
        UserWarning, match=f"1 of 3 have iscell=.*--select=iscell={cell}"
    ):
        everything = nwb.read([path], Choices(**choices))
    chosen = Choices(neurons=[f"iscell={cell}"], **choices)
    recording = nwb.read([path], chosen)
    np.testing.assert_array_equal(recording.responses, everything.responses[:, [0, 2]])
    if np.ndim(values) == 2:
        np.testing.assert_array_equal(recording.neurons["iscell_1"], [0.9, 0.7])


def test_units_that_are_noise_are_told(tmp_path):
    def noise(file):
        file.units["quality"].data[1] = "noise"

    path = allen(tmp_path / "a.nwb", noise)
    with pytest.warns(UserWarning, match="units: 1 of 2 have quality=noise: --select="):
        recording = nwb.read([path])
    assert recording.neuron_count == 2
    assert nwb.read([path], Choices(neurons=["quality=good"])).neuron_count == 1


@pytest.mark.parametrize("kind", ["table", "series"])
def test_indices_that_may_count_from_one_are_told(tmp_path, kind):
    """The last image was never shown, so that counting from 0 seems to fit."""
    frames = RNG.permutation(np.tile([1, 2, 3], 7))[:20]

    def series(file):
        if kind == "series":
            together = nwb_files.add_image_set(file, IMAGES)
            nwb_files.add_index_series(file, together, frames, ONSETS)

    path = allen(tmp_path / "a.nwb", series, frames=frames)
    choices = {"window": 0.25}
    if kind == "series":
        choices |= {"presentations": "scenes_shown"}
    with pytest.warns(UserWarning, match="never names image 0: .*--first_frame=1"):
        nwb.read([path], Choices(**choices))
    recording = nwb.read([path], Choices(first_frame=1, **choices))
    everywhere = np.ones(20, bool)
    order = [
        np.flatnonzero((IMAGES == image).all(axis=(1, 2)))[0] + 1
        for image in recording.images
    ]
    expected = mean_counts(everywhere, frames)[np.array(order) - 1]
    np.testing.assert_allclose(recording.responses, expected, rtol=1e-6)
