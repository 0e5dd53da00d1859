"""Corrupted MATLAB files of pvc-8 and NWB files of the Allen Institute."""

import fake_datasets
import h5py
import numpy as np
import pytest
from corrupted_files import damaged, refused

from v1keras.data import sources


def test_pvc8_session_without_spikes(tmp_path):
    variables = session()
    del variables["resp_train"]
    with pytest.raises(
        ValueError,
        match=(
            r"01\.mat: holds .*INDCENT.*, expected resp_train and resp_train_blk and"
            r" images"
        ),
    ):
        sources.read("pvc8", fake_datasets.matlab_5(tmp_path / "01.mat", variables))


def session():
    images = np.zeros((956, 320, 320), np.uint8)
    images[:, 160, 160] = np.arange(956) % 256
    return fake_datasets.pvc8_session(units=2, images=images)


def pvc8_cases():
    whole = session()
    for name in (
        "resp_train",
        "resp_train_blk",
        "images",
        "INDCENT",
        "RF_SPATIAL",
        "RF_TUNING",
    ):
        yield f"{name} missing", {k: v for k, v in whole.items() if k != name}
        yield f"{name} too few", whole | {name: whole[name][:-1]}
        yield f"{name} words", whole | {name: np.array(["words"])}
    for name in ("resp_train", "resp_train_blk"):
        yield f"{name} transposed", whole | {name: whole[name].T}
        yield f"{name} too short", whole | {name: whole[name][..., :20]}
        yield f"{name} negative", whole | {name: whole[name].astype(np.int8) - 1}
    yield "images no cells", whole | {"images": np.zeros((320, 320), np.uint8)}
    small = whole["images"].copy()
    small[6, 0] = np.zeros((100, 100), np.uint8)
    yield "one image small", whole | {"images": small}
    yield "none centred", whole | {"INDCENT": np.zeros((2, 1))}


@pytest.mark.slow
@pytest.mark.parametrize(
    "write", [fake_datasets.matlab_5, fake_datasets.matlab_73], ids=["5", "7.3"]
)
@pytest.mark.parametrize(
    ("how", "variables"),
    pvc8_cases(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pvc8_session_that_does_not_fit(tmp_path, how, variables, write):
    if write is fake_datasets.matlab_73:
        variables = {
            k: v.astype("S5") if v.dtype.kind == "U" else v
            for k, v in variables.items()
        }
    refused(
        lambda path: sources.read("pvc8", path), write(tmp_path / "01.mat", variables)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "write", [fake_datasets.matlab_5, fake_datasets.matlab_73], ids=["5", "7.3"]
)
def test_pvc8_session_that_is_damaged(tmp_path, write):
    """Change bytes in version 5 alone: its compressed variables have checksums."""
    path = write(tmp_path / "01.mat", session())

    def read(path):
        return sources.read("pvc8", path)

    whole = read(path)
    for content in damaged(
        path.read_bytes(), 2, 25 if write is fake_datasets.matlab_5 else 0
    ):
        path.write_bytes(content)
        refused(read, path, whole)


def allen_cases():
    frames, onsets = fake_datasets.allen_presentations()
    table, electrodes = (
        "intervals/natural_scenes_presentations",
        "general/extracellular_ephys/electrodes",
    )
    words = np.array(["a"] * len(frames), "S1")
    gap, beyond = np.where(frames == 3, 2, frames), np.where(frames == 3, 4, frames)
    yield (
        "ephys",
        f"{table}/frame",
        [None, frames[1:], frames + 0.5, beyond, gap, frames[None]],
    )
    yield (
        "ephys",
        f"{table}/start_time",
        [None, onsets[1:], np.full(len(frames), np.nan), words],
    )
    yield (
        "ephys",
        "units/spike_times_index",
        [
            None,
            np.array([1, 2]),
            np.array([5, 3, 6]),
            np.array([1, 2, 99]),
            np.array([1.0]),
        ],
    )
    yield (
        "ephys",
        "units/peak_channel_id",
        [None, np.array([10, 11]), np.array([10, 11, 77])],
    )
    yield "ephys", "units/spike_times", [None, words, np.zeros((2, 2))]
    yield "ephys", f"{electrodes}/id", [None, np.array([10])]
    yield "ephys", f"{electrodes}/location", [None, np.array([1.0, 2.0])]
    yield "ephys", f"{electrodes}/x", [None]
    stimulus, series = (
        "stimulus/presentation/natural_scenes_stimulus",
        "processing/ophys/DfOverF/DfOverF",
    )
    yield "ophys", f"{stimulus}/data", [None, frames[1:], frames + 0.5, frames + 2, gap]
    yield (
        "ophys",
        f"{stimulus}/timestamps",
        [None, onsets[:-1], onsets + 1000, np.full(len(frames), np.inf)],
    )
    yield (
        "ophys",
        f"{series}/data",
        [None, np.zeros((2, 300)), np.zeros(300), np.zeros((0, 2))],
    )
    yield (
        "ophys",
        f"{series}/timestamps",
        [None, np.zeros(10), np.arange(500)[::-1] * 1.0],
    )
    yield (
        "ophys",
        "stimulus/templates/natural_scenes_template/NaturalScene1",
        [None, np.zeros((5, 5)), words],
    )


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(k, n, v) for k, n, values in allen_cases() for v in values],
)
def test_allen_session_that_does_not_fit(tmp_path, kind, name, value):
    frames, onsets = fake_datasets.allen_presentations()
    scenes = fake_datasets.allen_scenes_of()
    path = tmp_path / "a" / "s.nwb"
    if kind == "ephys":
        fake_datasets.allen_templates(path.parent, scenes)
        fake_datasets.allen_ephys(
            path, frames, onsets, [onsets + 0.1, onsets[:1], onsets + 0.2]
        )
    else:
        times = np.arange(0, onsets[-1] + 2, 0.03)
        fake_datasets.allen_ophys(
            path,
            frames,
            onsets,
            np.zeros((len(times), 2)) + np.arange(len(times))[:, None],
            times,
            scenes,
        )
    sources.read("allen_scenes", path)
    with h5py.File(path, "a") as file:
        del file[name]
        if value is not None:
            file[name] = value
    refused(lambda path: sources.read("allen_scenes", path), path)


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.8, 0.99])
def test_allen_session_that_is_cut_off(tmp_path, share):
    frames, onsets = fake_datasets.allen_presentations()
    fake_datasets.allen_templates(tmp_path, fake_datasets.allen_scenes_of())
    path = fake_datasets.allen_ephys(tmp_path / "s.nwb", frames, onsets, [onsets + 0.1])
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(lambda path: sources.read("allen_scenes", path), path)


@pytest.mark.parametrize("missing", [0, 2])
def test_allen_templates_with_a_gap(tmp_path, missing):
    frames, onsets = fake_datasets.allen_presentations()
    fake_datasets.allen_templates(tmp_path / "a", fake_datasets.allen_scenes_of())
    (
        tmp_path / "a" / "natural_scene_templates" / f"natural_scene_{missing}.tiff"
    ).unlink()
    path = fake_datasets.allen_ephys(
        tmp_path / "a" / "s.nwb", frames, onsets, [onsets + 0.1]
    )
    refused(lambda path: sources.read("allen_scenes", path), path)
