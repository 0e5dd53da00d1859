"""Arrays by their place in a file, and what is told where there is none."""

import fake_datasets
import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 6, 7), dtype=np.uint8)
COUNTS = RNG.poisson(2.0, (12, 5)).astype("float64")
WORDS = ["früh", "b", "", "b", "c"]


def cells(values, shape=(-1, 1)):
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)


def lab_5(folder):
    """What a laboratory may keep in a .mat file: cells, structs, text, sparse."""
    sessions = np.zeros((2,), dtype=[("spikes", object), ("date", object)])
    sessions[0] = (COUNTS[:, :2], "2024-05-01")
    sessions[1] = (COUNTS[:, 2:], "2024-05-02")
    shown = np.zeros((len(IMAGES),), dtype=[("pixels", object), ("name", object)])
    for i, image in enumerate(IMAGES):
        shown[i] = (image, f"{i}.png")
    scipy.io.savemat(
        folder / "lab.mat",
        {
            "pics": cells(list(IMAGES)),
            "row": cells(list(IMAGES), (1, -1)),
            "shown": shown,
            "data": {"sessions": sessions, "all": COUNTS},
            "names": cells(WORDS),
            "sparse": scipy.sparse.csc_matrix(COUNTS),
            "uneven": cells([IMAGES[0], IMAGES[1][:3]]),
        },
    )
    return folder / "lab.mat"


def lab_73(folder):
    """The same in version 7.3, as MATLAB lays it out in HDF5."""
    path = folder / "lab.mat"
    fake_datasets.matlab_73(
        path, {"pics": cells(list(IMAGES)), "row": cells(list(IMAGES), (1, -1))}
    )
    with h5py.File(path, "r+") as file:
        made = file.create_group("#refs#/made")

        def reference(value, kind):
            item = made.create_dataset(str(len(made)), data=value)
            item.attrs["MATLAB_class"] = np.bytes_(kind)
            return item.ref

        def references(values, shape):
            array = np.empty(len(values), h5py.ref_dtype)
            array[:] = values
            return array.reshape(shape)

        def text(word):
            codes = np.array([ord(letter) for letter in word], "uint16")
            return reference(codes[:, None], "char")

        for name in ("pics", "row"):
            file[name].attrs["MATLAB_class"] = np.bytes_("cell")
        sessions = file.create_group("data/sessions")
        spikes = [
            reference(part.T, "double") for part in (COUNTS[:, :2], COUNTS[:, 2:])
        ]
        sessions["spikes"] = references(spikes, (2, 1))
        sessions["date"] = references([text("2024-05-01"), text("2024-05-02")], (2, 1))
        file["data/all"] = COUNTS.T
        shown = file.create_group("shown")
        pixels = [reference(image.T, "uint8") for image in IMAGES]
        shown["pixels"] = references(pixels, (12, 1))
        shown["name"] = references([text(f"{i}.png") for i in range(12)], (12, 1))
        empty = reference(np.array([0, 0], "uint64"), "char")
        made[str(len(made) - 1)].attrs["MATLAB_empty"] = np.uint8(1)
        words = [text(word) if word else empty for word in WORDS]
        file["names"] = references(words, (1, 5))
        file["names"].attrs["MATLAB_class"] = np.bytes_("cell")
        matrix = scipy.sparse.csc_matrix(COUNTS)
        sparse = file.create_group("sparse")
        sparse.attrs["MATLAB_sparse"] = np.uint64(12)
        sparse["data"], sparse["ir"] = matrix.data, matrix.indices.astype("uint64")
        sparse["jc"] = matrix.indptr.astype("uint64")
    return path


LABS = {"5": lab_5, "7.3": lab_73}


@pytest.fixture(params=LABS)
def lab(request, tmp_path):
    return LABS[request.param](tmp_path)


@pytest.mark.parametrize("images", ["pics", "row", "shown.pixels"])
@pytest.mark.parametrize(
    "responses, neurons",
    [
        ("data.all", slice(None)),
        ("sparse", slice(None)),
        ("data.sessions(1).spikes", slice(2)),
        ("data.sessions(2).spikes", slice(2, None)),
    ],
)
def test_places_in_matlab_files(lab, images, responses, neurons):
    found = arrays.read(f"{lab}:{images}", f"{lab}:{responses}")
    np.testing.assert_array_equal(found.images, IMAGES)
    np.testing.assert_array_equal(found.responses, COUNTS[:, neurons])


def test_cells_of_text_are_words(lab):
    columns = {"neurons/area": f"{lab}:names"}
    found = arrays.read(f"{lab}:pics", f"{lab}:data.all", columns=columns)
    assert found.neurons["area"].tolist() == WORDS


@pytest.mark.parametrize(
    "place, told",
    [
        ("", r"which array is not said; .*data\.sessions\(2\)\.spikes \(12 x 3 float"),
        (
            ":gone",
            r"no 'gone' that is an array; .*pics \(12 x 1 cells, the first 6 x 7",
        ),
        (":data", r"say --responses=\S+lab\.mat:data\.(all|sessions\(1\)\.spikes)"),
        (":data.sessions(3).spikes", r"no 'data\.sessions\(3\)\.spikes'"),
        (":data.sessions.spikes.x", r"no 'data\.sessions\.spikes\.x'"),
        (":data(2).all", r"no 'data\(2\)\.all'"),
        (":.data", r"no '\.data'"),
        (":data;all", r"no 'data;all'"),
    ],
)
def test_what_a_file_holds_is_told(lab, place, told):
    with pytest.raises(ValueError, match=told) as caught:
        arrays.read(f"{lab}:pics", f"{lab}{place}")
    assert "sparse (12 x 5 float64)" in str(caught.value)


def test_cells_of_different_images_are_resized_or_refused(tmp_path):
    path = lab_5(tmp_path)
    np.save(tmp_path / "r.npy", [[1.0], [2.0]])
    with pytest.raises(ValueError, match=r"cell 2: is 3 x 7 pixels, the first 6 x 7"):
        arrays.read(f"{path}:uneven", tmp_path / "r.npy")
    layout = Layout(crop="3x7")
    found = arrays.read(f"{path}:uneven", tmp_path / "r.npy", layout=layout)
    np.testing.assert_array_equal(found.images, [IMAGES[0][1:4], IMAGES[1][:3]])


def theirs(folder):
    with h5py.File(folder / "theirs.h5", "w") as file:
        file["stim/frames"], file["ephys/rates"] = IMAGES, COUNTS
        file["ephys/area"] = np.array(WORDS, object).astype(h5py.string_dtype())
    return folder / "theirs.h5"


@pytest.mark.parametrize("slash", ["/", ""])
def test_paths_in_hdf5_files(tmp_path, slash):
    path = theirs(tmp_path)
    columns = {"neurons/area": f"{path}:{slash}ephys/area"}
    names = (f"{path}:{slash}stim/frames", f"{path}:{slash}ephys/rates")
    found = arrays.read(*names, columns=columns)
    np.testing.assert_array_equal(found.images, IMAGES)
    np.testing.assert_array_equal(found.responses, COUNTS)
    assert found.neurons["area"].tolist() == WORDS


@pytest.mark.parametrize("place", ["", ":/ephys", ":/gone", ":stim/frames/x"])
def test_what_an_hdf5_file_holds_is_told(tmp_path, place):
    path = theirs(tmp_path)
    told = r"/stim/frames \(12 x 6 x 7 uint8\).*say --images=\S+theirs\.h5:/stim/frames"
    with pytest.raises(ValueError, match=told):
        arrays.read(f"{path}{place}", f"{path}:/ephys/rates")


def test_what_an_archive_holds_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", shown=IMAGES, counts=COUNTS)
    with pytest.raises(ValueError, match=r"counts \(12 x 5 float64\).*a\.npz:shown"):
        arrays.read(tmp_path / "a.npz", f"{tmp_path}/a.npz:counts")


@pytest.mark.parametrize("place", ["pics", "names", "shown.pixels"])
def test_cells_are_no_responses(lab, place):
    with pytest.raises(ValueError, match="responses: found .*, expected"):
        arrays.read(f"{lab}:pics", f"{lab}:{place}")
    with pytest.raises(ValueError, match="repeats: (found|their axes)"):
        arrays.read(f"{lab}:pics", repeats=f"{lab}:{place}")


@pytest.mark.parametrize("name", ["images", "responses"])
def test_one_number_is_no_array(tmp_path, name):
    np.save(tmp_path / "images.npy", IMAGES)
    np.save(tmp_path / "responses.npy", COUNTS)
    np.save(tmp_path / f"{name}.npy", 3.0)
    with pytest.raises(ValueError, match=rf"{name}: found one float64, expected num"):
        arrays.read(tmp_path / "images.npy", tmp_path / "responses.npy")
