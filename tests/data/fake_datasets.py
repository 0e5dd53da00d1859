"""Small files in the layouts of the publishers, and what stands in them."""

import io
import pickle
import zipfile

import h5py
import numpy as np
import scipy.io
from PIL import Image


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def zipped(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unpacked(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def pvc8_images(seed=0):
    """956 pictures; blocks of 8 pixels, so that the files stay small."""
    rng = np.random.default_rng(seed)
    return np.kron(
        rng.integers(0, 256, (956, 40, 40), dtype=np.uint8),
        np.ones((1, 8, 8), np.uint8),
    )


def pvc8_session(units=3, bins=105, images=None, seed=0):
    """What a session file of CRCNS pvc-8 holds, as MATLAB shows it; the second unit is
    not centred.
    """
    rng = np.random.default_rng(seed)
    cells = np.empty((956, 1), object)
    for i, image in enumerate(pvc8_images() if images is None else images):
        cells[i, 0] = image
    return {
        "resp_train": (rng.random((units, 956, 20, bins)) < 0.01).astype(np.uint8),
        "resp_train_blk": (rng.random((units, 956, 20, 211)) < 0.01).astype(np.uint8),
        "images": cells,
        "INDCENT": np.array(
            [[0 if unit == 1 else 1] for unit in range(units)], np.uint8
        ),
        "P_HOMOG": rng.random((units, 956)),
        "RF_SPATIAL": rng.normal(size=(units, 5)),
        "RF_TUNING": rng.normal(size=(units, 4)),
    }


def matlab_5(path, variables):
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, variables, do_compression=True)
    return path


def matlab_73(path, variables):
    """HDF5 behind MATLAB's 512 bytes; axes reversed, cells as references."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            if value.dtype == object:
                references = np.empty(value.shape[::-1], h5py.ref_dtype)
                for place, cell in np.ndenumerate(value):
                    made = file.create_dataset(
                        f"#refs#/{name}{'_'.join(map(str, place))}",
                        data=cell.T,
                        compression="gzip",
                    )
                    references[place[::-1]] = made.ref
                file.create_dataset(name, data=references, dtype=h5py.ref_dtype)
            else:
                file.create_dataset(name, data=value.T, compression="gzip")
    with open(path, "r+b") as file:
        file.write(
            b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116)
            + bytes(8)
            + b"\x00\x02IM"
        )
    return path


def cadena(images=40, neurons=3):
    """The pickled dictionary of Cadena et al. 2019, with the nested cells that its
    strings are; the last neuron saw two presentations.
    """
    rng = np.random.default_rng(1)
    responses = rng.poisson(2.0, (4, images, neurons)).astype(float)
    responses[2:, :, -1] = np.nan
    responses[:, 3, 0] = np.nan
    kinds = ("original", "conv1", "conv2", "conv3", "conv4")
    types = np.empty((images, 1), object)
    for i in range(images):
        types[i, 0] = np.array([kinds[i % 5]])
    return {
        "images": rng.integers(0, 256, (images, 140, 140)).astype(np.float32),
        "responses": responses,
        "image_types": types,
        "image_numbers": (np.arange(images) // 5 + 1).astype(np.uint16)[:, None],
        "image_ids": np.arange(images)[:, None],
        "subject_id": np.array([31.0] * neurons),
        "session_id": np.arange(neurons) + 100,
        "unit_id": np.arange(neurons) + 7,
        "repetitions": np.array([4] * (neurons - 1) + [2]),
    }


def cadena_file(path, content, protocol=3):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def antolik(images=20, neurons=4, repeats=6, seed=2):
    """Arrays of one region of Antolik et al. 2016."""
    rng = np.random.default_rng(seed)
    raw = rng.random((repeats, 10, neurons))
    return {
        "training_inputs": rng.random((images, 961)) / 1000,
        "training_set": rng.random((images, neurons)),
        "validation_inputs": rng.random((10, 961)) / 1000,
        "validation_set": raw.mean(axis=0),
        "raw_validation_set": raw,
    }


def antolik_files(regions):
    files = {
        f"Data/region{i + 1}/{name}.npy": npy(array)
        for i, region in enumerate(regions)
        for name, array in region.items()
    }
    return files | {"Data/README": b"three regions"}


def sensorium(neurons=5, height=8, width=16, channels=1):
    """A scan: 12 training, 3 validation, 6 presentations of two test images, 4 of two
    final ones, whose responses are withheld.
    """
    rng = np.random.default_rng(3)
    tiers = np.array(
        ["train"] * 12 + ["validation"] * 3 + ["test"] * 6 + ["final_test"] * 4
    )
    ids = np.array([*range(100, 115), 200, 201, 200, 201, 200, 201, 300, 300, 301, 301])
    order = rng.permutation(len(tiers))
    tiers, ids = tiers[order], ids[order]
    shown = {
        image: rng.integers(0, 256, (channels, height, width)).astype(np.uint8)
        for image in np.unique(ids)
    }
    responses = rng.random((len(tiers), neurons)).astype(np.float32)
    responses[tiers == "final_test"] = 0
    return {
        "tiers": tiers,
        "frame_image_id": ids,
        "images": [shown[image] for image in ids],
        "responses": responses,
        "behavior": rng.random((len(tiers), 3)),
        "pupil_center": rng.random((len(tiers), 2)),
        "cell_motor_coordinates": rng.integers(-500, 500, (neurons, 3)),
        "unit_ids": np.arange(neurons) + 1,
        "area": np.array(["V1"] * neurons),
        "layer": np.array(["L2/3"] * neurons),
    }


def sensorium_files(
    scan, root="static21067-10-18-GrayImageNet-94c6ff995dac583098847cfecd43e7b6/"
):
    files = {}
    for name in ("images", "responses", "behavior", "pupil_center"):
        files |= {
            f"{root}data/{name}/{trial}.npy": npy(value)
            for trial, value in enumerate(scan.get(name, []))
        }
    files |= {
        f"{root}meta/trials/{name}.npy": npy(scan[name])
        for name in ("tiers", "frame_image_id")
        if name in scan
    }
    columns = ("cell_motor_coordinates", "unit_ids", "area", "layer")
    return files | {
        f"{root}meta/neurons/{name}.npy": npy(scan[name])
        for name in columns
        if name in scan
    }


def allen_scenes_of(count=4, height=40, width=58):
    return np.random.default_rng(4).integers(
        0, 256, (count, height, width), dtype=np.uint8
    )


def allen_presentations(count=4, times=3):
    """Scenes in random order with blank screens between, and their onsets."""
    rng = np.random.default_rng(5)
    frames = rng.permutation(np.repeat(np.arange(-1, count), times)).astype(float)
    return frames, 10 + 0.25 * np.arange(frames.size)


def allen_ephys(path, frames, onsets, trains, locations=("VISp", "VISl"), quality=None):
    """A Neuropixels session in NWB 2; unit i is on electrode 10 + i % 2."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        table = file.create_group("intervals/natural_scenes_presentations")
        table["frame"], table["start_time"], table["stop_time"] = (
            frames,
            onsets,
            onsets + 0.25,
        )
        electrodes = file.create_group("general/extracellular_ephys/electrodes")
        electrodes["id"] = np.array([10, 11])
        electrodes["location"] = np.array(locations, object).astype(h5py.string_dtype())
        for axis, value in zip(
            "xyz", ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]), strict=True
        ):
            electrodes[axis] = np.array(value)
        units = file.create_group("units")
        units["id"] = 900 + np.arange(len(trains))
        units["peak_channel_id"] = 10 + np.arange(len(trains)) % 2
        units["quality"] = np.array(quality or ["good"] * len(trains), object).astype(
            h5py.string_dtype()
        )
        units["spike_times"] = np.concatenate(trains)
        units["spike_times_index"] = np.cumsum([len(train) for train in trains])
    return path


def allen_templates(folder, scenes):
    (folder / "natural_scene_templates").mkdir(parents=True, exist_ok=True)
    for i, scene in enumerate(scenes):
        Image.fromarray(scene).save(
            folder / "natural_scene_templates" / f"natural_scene_{i}.tiff"
        )
    return folder


def allen_ophys(path, frames, onsets, traces, times, scenes):
    """A two-photon session in NWB 2, blank screens as unsigned numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        shown = file.create_group("stimulus/presentation/natural_scenes_stimulus")
        shown["data"], shown["timestamps"] = (
            frames.astype(np.int64).astype(np.uint32),
            onsets,
        )
        templates = file.create_group("stimulus/templates/natural_scenes_template")
        for i, scene in enumerate(scenes):
            templates[f"NaturalScene{i}"] = scene
        series = file.create_group("processing/ophys/DfOverF/DfOverF")
        series["data"], series["timestamps"] = traces, times
    return path
