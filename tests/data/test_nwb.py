"""NWB files in three layouts, from what pynwb wrote to the `Recording`."""

import numpy as np
import pytest

nwb_files = pytest.importorskip("nwb_files", exc_type=ImportError)

from v1keras import Recording  # noqa: E402
from v1keras.data.sources import nwb  # noqa: E402
from v1keras.data.sources.nwb import Choices  # noqa: E402


@pytest.fixture(scope="module")
def shown():
    """Images, the image of each presentation (two are blank), onsets, spikes."""
    rng = np.random.default_rng(1)
    frames = np.append(rng.permutation(np.repeat(np.arange(5), 4)), [-1, -1])
    frames = rng.permutation(np.append(frames, 5))  # image 5 is shown once
    onsets = 1 + np.cumsum(rng.uniform(0.25, 0.4, len(frames)))
    trains = [np.sort(rng.uniform(0, 9, count)) for count in (200, 300, 40, 60)]
    return nwb_files.pictures(6), frames, onsets, trains


def counted(train, begin, end):
    """The number of spikes in [begin, end), one by one."""
    count = 0
    for spike in train:
        if begin <= spike < end:
            count += 1
    return count


def written(path, shown):
    images, frames, onsets, trains = shown
    file = nwb_files.session()
    nwb_files.add_templates(file, images)
    nwb_files.add_table(file, frames.astype(float), onsets, 0.25)
    nwb_files.add_units(
        file,
        trains,
        ["good", "good", "noise", "good"],
        ["VISp", "VISp", "VISp", "VISl"],
    )
    times = np.arange(0, 10, 0.02)
    nwb_files.add_behavior(file, times, 3 * times, np.stack([times, -times], axis=1))
    return nwb_files.write(file, path)


def test_spikes_of_units_in_a_window_after_each_template(shown, tmp_path, command):
    images, frames, onsets, trains = shown
    path = written(tmp_path / "monday.nwb", shown)
    told = command(
        "data",
        "convert",
        "nwb",
        path,
        "--select=quality=good",
        "--select=location=VISp",
        "--latency=0.04",
        "--window=0.2",
        f"--out={tmp_path / 'out.h5'}",
    )
    assert told.returncode == 0, told.stderr
    assert "6 images, 2 neurons" in told.stdout
    recording = Recording.load(tmp_path / "out.h5")
    np.testing.assert_array_equal(recording.images, images)
    for image in range(6):
        for neuron in range(2):
            counts = []
            for frame, onset in zip(frames, onsets, strict=True):
                if frame == image:
                    begin = onset + 0.04
                    counts.append(counted(trains[neuron], begin, begin + 0.2))
            assert recording.responses[image, neuron] == pytest.approx(np.mean(counts))
            if image < 5:
                found = recording.repeats[image, :, neuron]
                np.testing.assert_array_equal(found, counts)
    assert recording.repeat_images.tolist() == [0, 1, 2, 3, 4]
    assert recording.neurons["id"].tolist() == [0, 1]
    assert recording.neuron_session.tolist() == ["monday", "monday"]
    told = recording.attributes
    assert told["units"] == "spikes per presentation" and told["window_s"] == 0.2
    assert told["species"] == "Mus musculus" and told["subject"] == "m7"
    assert told["device"] == "probe A" and told["area"] == "VISp"
    assert told["session"] == "monday"


def test_behavior_becomes_covariates_of_each_presentation(shown, tmp_path):
    _, frames, onsets, _ = shown
    recording = nwb.read([written(tmp_path / "a.nwb", shown)])
    times = np.arange(0, 10, 0.02)
    for image in range(5):
        speeds = []
        for frame, onset in zip(frames, onsets, strict=True):
            if frame == image:
                inside = (times >= onset) & (times < onset + 0.25)
                speeds.append(3 * times[inside].mean())
        found = recording.repeat_covariates["running_speed"][image]
        np.testing.assert_allclose(found, speeds)
        mean = recording.covariates["pupil_position"][image]
        np.testing.assert_allclose(mean, np.array([1, -1]) * np.mean(speeds) / 3)


@pytest.mark.parametrize("together", ["images in order", "a series"])
def test_an_index_series_over_images(shown, tmp_path, together):
    images, frames, onsets, trains = shown
    file = nwb_files.session()
    if together == "a series":
        container = nwb_files.add_templates(file, images)
    else:
        names = ["d", "b", "f", "a", "c", "e"]  # the order is not that of the names
        container = nwb_files.add_image_set(file, images, names=names)
    nwb_files.add_index_series(file, container, frames % 6, onsets)
    nwb_files.add_units(file, trains)
    path = nwb_files.write(file, tmp_path / "a.nwb")
    with pytest.raises(ValueError, match="on the screen: say by --window=SECONDS"):
        nwb.read([path])
    recording = nwb.read([path], Choices(window=0.1))
    np.testing.assert_array_equal(recording.images, images)
    for image in range(6):
        counts = []
        for frame, onset in zip(frames, onsets, strict=True):
            if frame % 6 == image:
                counts.append(counted(trains[2], onset + 0.05, onset + 0.15))
        assert recording.responses[image, 2] == pytest.approx(np.mean(counts))


@pytest.mark.parametrize("transposed", [False, True])
def test_means_of_traces_of_rois(shown, tmp_path, transposed):
    images, frames, onsets, _ = shown
    rng = np.random.default_rng(2)
    traces = rng.normal(size=(300, 3)).astype("float32")
    file = nwb_files.session()
    nwb_files.add_templates(file, images)
    nwb_files.add_table(file, frames, onsets, 0.25)
    nwb_files.add_traces(file, traces, rate=30.0, raw=not transposed)
    path = nwb_files.write(file, tmp_path / "a.nwb")
    if transposed:
        nwb_files.transpose(path, "processing/ophys/DfOverF/dff/data")
    recording = nwb.read([path], Choices(neurons=["valid_roi=True"], latency=0.1))
    assert recording.neurons["id"].tolist() == [0, 2]
    assert recording.attributes["units"] == "dF/F"
    assert recording.attributes["area"] == "VISp"
    times = np.arange(300) / 30
    for image in range(6):
        means = []
        for frame, onset in zip(frames, onsets, strict=True):
            if frame == image:
                inside = (times >= onset + 0.1) & (times < onset + 0.35)
                means.append(traces[inside][:, [0, 2]].mean(axis=0))
        found = recording.responses[image]
        np.testing.assert_allclose(found, np.mean(means, axis=0), atol=1e-6)


def test_sessions_are_joined_by_what_was_shown(shown, tmp_path):
    images, frames, onsets, trains = shown
    paths = []
    # Tuesday's templates are others of the same pictures, in another order.
    for name, chosen in {"monday": [0, 1, 2], "tuesday": [3, 2, 1]}.items():
        file = nwb_files.session(name)
        nwb_files.add_templates(file, images[chosen])
        nwb_files.add_table(file, frames[frames < 3], onsets[frames < 3], 0.25)
        nwb_files.add_units(file, trains[:2] if name == "monday" else trains[2:])
        paths.append(nwb_files.write(file, tmp_path / f"{name}.nwb"))
    recording = nwb.read(paths)
    np.testing.assert_array_equal(recording.images, images[:4])
    assert recording.neuron_session.tolist() == ["monday"] * 2 + ["tuesday"] * 2
    np.testing.assert_array_equal(
        np.isnan(recording.responses),
        [[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]],
    )
    alone = nwb.read(paths[1:])
    # Alone, tuesday's images come by their own index: 3, 2, 1.
    np.testing.assert_array_equal(
        recording.responses[[3, 2, 1]][:, 2:], alone.responses
    )
    assert recording.name == "monday+tuesday"


def test_sessions_with_behavior_keep_each_presentation_apart(shown, tmp_path):
    images, frames, onsets, trains = shown
    times = np.arange(0, 10, 0.02)
    paths = []
    for name, speed in {"monday": 1.0, "tuesday": 20.0}.items():
        file = nwb_files.session(name)
        nwb_files.add_templates(file, images)
        nwb_files.add_table(file, frames, onsets, 0.25)
        nwb_files.add_units(file, trains)
        speeds = np.full(len(times), speed)
        nwb_files.add_behavior(file, times, speeds, np.stack([speeds] * 2, axis=1))
        paths.append(nwb_files.write(file, tmp_path / f"{name}.nwb"))
    recording = nwb.read(paths)
    speeds = recording.repeat_covariates["running_speed"]
    for slot in range(speeds.shape[1]):
        for image in range(len(speeds)):
            monday = np.isfinite(recording.repeats[image, slot, 0])
            tuesday = np.isfinite(recording.repeats[image, slot, 4])
            assert not (monday and tuesday)
            if monday or tuesday:
                assert speeds[image, slot] == pytest.approx(1 if monday else 20)
    # Image 5 was shown once on each day.
    assert 5 in recording.repeat_images


def test_times_without_observation_are_missing(shown, tmp_path):
    images, frames, onsets, trains = shown
    file = nwb_files.session()
    nwb_files.add_templates(file, images)
    nwb_files.add_table(file, frames, onsets, 0.25)
    end = onsets[10] + 0.3  # where the window of presentation 10 ends
    observed = [[[0.0, 100.0]], [[0.0, end]]]
    nwb_files.add_units(file, trains[:2], obs_intervals=observed)
    file.add_invalid_time_interval(onsets[3] + 0.01, onsets[3] + 0.02)
    path = nwb_files.write(file, tmp_path / "a.nwb")
    recording = nwb.read([path])
    valid = (frames >= 0) & (frames < 5) & (np.arange(len(frames)) != 3)
    for neuron, last in enumerate([len(frames), 11]):
        present = np.isfinite(recording.repeats[..., neuron]).sum()
        assert present == valid[:last].sum()
