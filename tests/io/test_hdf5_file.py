"""What is read of HDF5 files is what h5py reads of them."""

import ast
import pathlib

import h5py
import numpy as np
import pytest

import v1keras
from v1keras.io import hdf5_file, hdf5_process


def layouts():
    """Yield options of `create_dataset` that lay 40 x 6 values in different ways."""
    yield {}
    for sides in ((40, 6), (7, 4), (1, 1), (64, 64)):
        yield {"chunks": sides, "maxshape": (None, None)}
        yield {"chunks": sides, "maxshape": (None, None), "compression": "gzip"}
    yield {"chunks": (7, 4)}
    yield {"chunks": (7, 4), "maxshape": (None, 6)}
    for filters in ({"shuffle": True}, {"fletcher32": True}, {"compression": "lzf"}):
        yield {"chunks": (7, 4)} | filters
    every = {"compression": "gzip", "shuffle": True, "fletcher32": True}
    yield {"chunks": (9, 6)} | every


@pytest.mark.parametrize("libver", ["earliest", ("v108", "v110"), "latest"])
@pytest.mark.parametrize("userblock", [0, 512])
def test_numbers_however_they_are_laid(libver, userblock, tmp_path):
    path, rng = tmp_path / "a.h5", np.random.default_rng(0)
    dtypes = ["<i2", ">u4", "<f2", ">f4", "<f8", "|i1", "bool"]
    arrays = [rng.integers(0, 9, (40, 6)).astype(dtype) for dtype in dtypes]
    arrays += [np.float32(3.5), np.zeros((0, 3)), np.arange(7)]
    with h5py.File(path, "w", libver=libver, userblock_size=userblock) as file:
        for i, array in enumerate(arrays):
            options = list(layouts()) if array.shape == (40, 6) else [{}]
            for j, option in enumerate(options):
                file.create_dataset(f"group/{i}/{j}", data=array, **option)
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        space, kind = h5py.h5s.create_simple((3,)), h5py.h5t.NATIVE_INT32
        made = h5py.h5d.create(file.id, b"compact", kind, space, compact)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(3, dtype="int32"))
    with h5py.File(path) as expected, hdf5_file.opened(path) as file:
        assert file["compact"][...].tolist() == [0, 1, 2]
        for name in expected["group"]:
            for layout in expected["group"][name]:
                whole = expected["group"][name][layout]
                dataset = file[f"group/{name}/{layout}"]
                assert dataset.shape == whole.shape and dataset.dtype == whole.dtype
                np.testing.assert_array_equal(dataset[...], whole[...])
                for rows in (slice(0), slice(3, 17), slice(38, 60), slice(None, -1)):
                    if whole.ndim:
                        np.testing.assert_array_equal(dataset[rows], whole[rows])


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_texts_attributes_and_references(libver, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=libver, userblock_size=512) as file:
        file["texts"] = np.array([["größer", ""], ["b", "c" * 5000]], object)
        texts = np.array([f"text {i}" for i in range(3000)], object)
        file.create_dataset("many", data=texts, compression="gzip")
        file["one"] = "alone"
        file["fixed"] = np.array([b"ab", b"c", b""], "S5")
        spaces = h5py.h5t.C_S1.copy()
        spaces.set_size(4)
        spaces.set_strpad(h5py.h5t.STR_SPACEPAD)
        made = h5py.h5d.create(file.id, b"spaces", spaces, h5py.h5s.create_simple((1,)))
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"a   "]), spaces)
        file["group/target"] = [1, 2]
        references = [[file["group/target"].ref], [file["group"].ref]]
        file["references"] = np.array(references, h5py.ref_dtype)
        file["again"] = file["group"]
        file.attrs.update({"text": "größer", "bytes": np.bytes_("b"), "number": 0.1})
        file.attrs.update({"list": [1, 2], "texts": ["a", "b"], "truth": np.True_})
        file.attrs["reference"] = file["one"].ref
        file["one"].attrs["empty"] = h5py.Empty("f4")
    with hdf5_file.opened(path) as file:
        assert file["texts"][...].tolist() == [["größer", ""], ["b", "c" * 5000]]
        assert file["texts"][1:].tolist() == [["b", "c" * 5000]]
        assert file["many"][...].tolist() == texts.tolist()
        assert file["one"][...].item() == "alone" and file["one"].shape == ()
        assert file["fixed"][...].tolist() == ["ab", "c", ""]
        assert file["spaces"][...].tolist() == ["a"]
        target, group = file["references"][...].ravel()
        assert target[...].tolist() == [1, 2] and list(group) == ["target"]
        assert file["again/target"].address == target.address
        expected = {"text": "größer", "bytes": "b", "number": 0.1, "list": [1, 2]}
        expected |= {"texts": ["a", "b"], "truth": True, "reference": None}
        assert file.attrs == expected and file["one"].attrs == {"empty": None}
        assert "group/target" in file and "group/other" not in file
        assert file.get("other") is None and len(file) == len(list(file)) == 8
        with pytest.raises(KeyError):
            file["group/other"]


def test_a_stream_and_several_files_at_once(tmp_path):
    for name in "ab":
        with h5py.File(tmp_path / name, "w") as file:
            file.create_dataset("x", data=[name == "a"] * 3, chunks=(2,))
    with hdf5_file.opened(tmp_path / "a") as a, open(tmp_path / "b", "rb") as stream:
        with hdf5_file.opened(stream, "stream") as b:
            assert a["x"][...].all() and not b["x"][...].any()
        assert a["x"][:1].all()
    # Nothing keeps it open.
    with h5py.File(tmp_path / "a", "r+") as file:
        file["y"] = 1
    with hdf5_file.opened(tmp_path / "a") as file:
        assert file["y"][...] == 1


def test_an_interruption_leaves_no_answer_behind(tmp_path, monkeypatch):
    for name in "ab":
        with h5py.File(tmp_path / name, "w") as file:
            file[name] = 1
    answer = hdf5_process._answer

    def interrupted(process, request):
        process.stdin.write(request.encode() + b"\n")
        raise KeyboardInterrupt

    monkeypatch.setattr(hdf5_process, "_answer", interrupted)
    with pytest.raises(KeyboardInterrupt), hdf5_file.opened(tmp_path / "a"):
        pass
    monkeypatch.setattr(hdf5_process, "_answer", answer)
    with hdf5_file.opened(tmp_path / "b") as file:
        assert list(file) == ["b"]


def test_what_is_no_file_of_hdf5(tmp_path):
    (tmp_path / "a").write_text("text")
    with pytest.raises(ValueError, match=r"a: not an HDF5 file"):
        with hdf5_file.opened(tmp_path / "a"):
            pass
    for name in ("gone", "."):
        with pytest.raises(FileNotFoundError, match="no file"):
            with hdf5_file.opened(tmp_path / name):
                pass


def test_libhdf5_reads_in_a_process_of_its_own_alone():
    for path in pathlib.Path(v1keras.__file__).parent.rglob("*.py"):
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if is_call(n)]
        for call in calls:
            writes = ast.literal_eval(call.args[1]) == "w"
            assert writes or path.name == "hdf5_server.py", path
        if path.name == "hdf5_server.py":
            assert len(calls) == 1


def is_call(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "h5py.File"
