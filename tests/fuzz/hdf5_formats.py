"""The files in HDF5 that are read, and those beside them."""

import fake_datasets
import full_recording
import h5py
import numpy as np
from fuzzing import Format

from v1keras.data import Recording, shards, sources
from v1keras.data.sources import matlab, nwb
from v1keras.io import hdf5_file
from v1keras.training.checkpoints import Checkpoints


def copied(file, group):
    """Write all of one HDF5 file into another, compressed where it is large enough."""
    group.attrs.update(file.attrs)
    for name, item in file.items():
        if isinstance(item, h5py.Group):
            copied(item, group.create_group(name))
        elif item.ndim and item.size > 20 and item.dtype.kind != "O":
            options = {"compression": "gzip", "shuffle": True, "fletcher32": True}
            sides = tuple(-(-length // 2) for length in item.shape)
            group.create_dataset(name, data=item[...], chunks=sides, **options)
        else:
            group.create_dataset(name, data=item[...], dtype=item.dtype)


def recording(**options):
    """Return the format of a recording whose file is written with some options."""

    def write(path):
        saved = full_recording.saved(path.parent)
        with h5py.File(saved) as file, h5py.File(path, "w", **options) as copy:
            copied(file, copy)
        saved.unlink()

    return Format(write, Recording.load, suffix=".h5")


def everything(path):
    """Write a file of every kind of dataset that is read."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w", libver=LIBVER[path.suffix]) as file:
        for i in range(12):  # more than fit into one header
            file[f"groups/{i}/scalar"] = float(i)
            file.attrs[f"attribute {i}"] = "text" * i
        values = rng.integers(0, 9, (40, 6))
        file.create_dataset("lzf", data=values, compression="lzf", chunks=(9, 4))
        resizable = {"maxshape": (None, None), "chunks": (3, 3)}
        file.create_dataset("both", data=values, compression="gzip", **resizable)
        resizable = {"maxshape": (None, 6), "chunks": (2, 6)}
        file.create_dataset("rows", data=values, shuffle=True, **resizable)
        file.create_dataset("one", data=values, compression="gzip", chunks=(40, 6))
        file.create_dataset("sums", data=values, fletcher32=True, chunks=(7, 5))
        file["truth"] = values > 4
        file["fixed"] = np.array([b"ab", b"c"], "S5")
        file["texts"] = np.array(["x", "größer", ""], object)
        file["references"] = np.array([file["lzf"].ref], h5py.ref_dtype)


LIBVER = {".earliest": "earliest", ".latest": "latest"}


def read_everything(path):
    with hdf5_file.opened(path) as file:
        return read_group(file)


def read_group(group):
    found = dict(group.attrs)
    for name, item in group.items():
        if isinstance(item, hdf5_file.Group):
            found[name] = read_group(item)
        elif item.kind != "references":
            found[name] = item[...]
        else:
            found[name] = [target[...] for target in item[...].ravel()]
    return found


def same_recording(whole, found):
    for name in ("images", "responses", "split", "repeats", "repeat_images"):
        if not np.array_equal(getattr(whole, name), getattr(found, name), True):
            return False
    return whole.attributes == found.attributes


def write_shards(path):
    arrays = full_recording.arrays()
    shards.write(Recording(**arrays), path)


def read_shards(path):
    found = shards.read(path)
    found.images = np.array(found.images)
    found.responses = np.array(found.responses)
    return found


def write_checkpoint(path):
    rng = np.random.default_rng(0)
    model = [rng.random((5, 4), np.float32), rng.random(7), np.arange(3)]
    state = {"epoch": 3, "history": [{"loss": 0.5}]}
    Checkpoints(path).save(7, {"model": model, "noise": [np.array(1)]}, state)


def same_checkpoint(whole, found):
    groups = [checkpoint[0] for checkpoint in (whole, found)]
    if whole[1] != found[1] or groups[0].keys() != groups[1].keys():
        return False
    for name in groups[0]:
        for a, b in zip(groups[0][name], groups[1][name], strict=True):
            if a.dtype != b.dtype or not np.array_equal(a, b):
                return False
    return True


def write_matlab(path):
    cells = np.empty((2, 1), object)
    cells[0, 0], cells[1, 0] = np.eye(3), np.arange(20, dtype=np.uint8).reshape(4, 5)
    numbers = np.random.default_rng(0).random((40, 3))
    fake_datasets.matlab_73(path, {"images": cells, "activity": numbers})


def write_allen(path):
    """Write a session as NWB has them, with the scenes in it."""
    frames, onsets = fake_datasets.allen_presentations()
    times = np.arange(9.0, onsets[-1] + 2, 0.1)
    traces = np.random.default_rng(0).random((times.size, 3))
    scenes = fake_datasets.allen_scenes_of()
    fake_datasets.allen_ophys(path, frames, onsets, traces, times, scenes)


def write_nwb(path):
    import nwb_files

    nwb_files.allen(path)


RECORDING_EARLIEST = recording(libver="earliest")
RECORDING_LATEST = recording(libver="latest")
EVERYTHING_EARLIEST = Format(everything, read_everything, suffix=".earliest")
EVERYTHING_LATEST = Format(everything, read_everything, suffix=".latest")
SHARDS = Format(
    write_shards,
    read_shards,
    files=(shards.PRESENTATIONS, shards.REST, shards.LAYOUT),
    same=same_recording,
)
CHECKPOINT = Format(
    write_checkpoint,
    lambda path: Checkpoints(path).newest(),
    files=("000000000007.h5",),
    same=same_checkpoint,
)
MATLAB_73 = Format(
    write_matlab, lambda path: matlab.read(path, ["images", "activity"]), suffix=".mat"
)
NWB_SESSION = Format(
    write_allen, lambda path: sources.read("allen_scenes", path), suffix=".nwb"
)
PYNWB = Format(write_nwb, lambda path: nwb.read([path]), suffix=".nwb")
