"""NWB files that are damaged, or that try to lead out of themselves."""

import json
import sys

import h5py
import numpy as np
import pytest

nwb_files = pytest.importorskip("nwb_files", exc_type=ImportError)

from nwb_files import FRAMES, IMAGES, ONSETS, TRAINS, allen, traces  # noqa: E402

from v1keras.data.sources import nwb  # noqa: E402
from v1keras.data.sources.nwb import Choices  # noqa: E402


def changed(name, values=None, **attributes):
    """Write another array in place of a dataset."""

    def change(path):
        with h5py.File(path, "r+") as file:
            kept = dict(file[name].attrs) | attributes
            del file[name]
            if values is not None:
                file[name] = values
                file[name].attrs.update(kept)

    return change


def cut(path):
    path.write_bytes(path.read_bytes()[:4000])


TEMPLATES = "stimulus/templates/natural_scenes/data"
BROKEN = {
    "cut off": (cut, "a.nwb"),
    "words": (lambda path: path.write_text("no NWB file"), "not an HDF5 file"),
    "not NWB": (lambda path: h5py.File(path, "w").close(), "not a valid NWB file"),
    "images of text": (changed(TEMPLATES, [["a"] * 3] * 4), "natural_scenes: .*shape"),
    "one image": (changed(TEMPLATES, IMAGES[0]), "natural_scenes: .*shape"),
    "fewer images": (changed(TEMPLATES, IMAGES[:2]), "there are 2 images"),
    "no images": (changed(TEMPLATES), "natural_scenes"),
    "fractions": (
        changed("intervals/natural_scenes_presentations/frame", FRAMES + 0.5),
        "not the index of an image",
    ),
    "a longer column": (
        changed("intervals/natural_scenes_presentations/frame", np.tile(FRAMES, 2)),
        "presentations: .* same length",
    ),
    "onsets that are missing": (
        changed(
            "intervals/natural_scenes_presentations/start_time", np.full(20, np.nan)
        ),
        "no presentation of an image is left",
    ),
    "ends that fall": (
        changed("units/spike_times_index", np.array([9, 3])),
        "spike_times_index",
    ),
    "ends beyond": (
        changed("units/spike_times_index", np.array([9, 3000])),
        "spike_times_index",
    ),
    "no spike times": (changed("units/spike_times"), "can't be read"),
    "traces of others": (
        changed("processing/ophys/DfOverF/dff/data", np.zeros((400, 7))),
        r"expected \(times, 3 ROIs\)",
    ),
    "traces of another time": (
        changed("processing/ophys/DfOverF/dff/starting_time", 1e6, rate=30.0),
        "no sample in any window",
    ),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return allen(tmp_path_factory.mktemp("whole") / "a.nwb", traces).read_bytes()


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_said_in_one_line(tmp_path, whole, kind):
    path = tmp_path / "a.nwb"
    path.write_bytes(whole)
    change, message = BROKEN[kind]
    change(path)
    responses = "dff" if "traces" in kind else "units"
    with pytest.raises(ValueError, match=message) as caught:
        nwb.read([path], Choices(responses=responses))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def external_link(file, other):
    del file["stimulus/templates/natural_scenes/data"]
    file["stimulus/templates/natural_scenes/data"] = h5py.ExternalLink(other, "/x")


def external_storage(file, other):
    name = "stimulus/templates/natural_scenes/data"
    shape, dtype = file[name].shape, file[name].dtype
    del file[name]
    file.create_dataset(name, shape, dtype, external=other)


def virtual_dataset(file, other):
    name = "stimulus/templates/natural_scenes/data"
    layout = h5py.VirtualLayout(file[name].shape, file[name].dtype)
    layout[:] = h5py.VirtualSource(other, "x", file[name].shape)
    del file[name]
    file.create_virtual_dataset(name, layout)


@pytest.mark.parametrize(
    "lead", [external_link, external_storage, virtual_dataset], ids=lambda f: f.__name__
)
def test_other_files_are_not_followed(tmp_path, whole, lead):
    path, other = tmp_path / "a.nwb", tmp_path / "secret"
    path.write_bytes(whole)
    with h5py.File(other, "w") as file:
        file["x"] = IMAGES
    with h5py.File(path, "r+") as file:
        lead(file, str(other))
    with pytest.raises(ValueError, match="a.nwb: data is .*not followed"):
        nwb.read([path], Choices(responses="units"))


def test_images_outside_of_the_file_are_not_followed(tmp_path):
    file = nwb_files.session()
    file.add_stimulus_template(
        nwb_files.ImageSeries(
            name="outside",
            unit="n.a.",
            format="external",
            external_file=["/etc/passwd"],
            starting_frame=[0],
            timestamps=[0.0],
        )
    )
    nwb_files.add_table(file, FRAMES, ONSETS, 0.25)
    nwb_files.add_units(file, TRAINS)
    path = nwb_files.write(file, tmp_path / "a.nwb")
    with pytest.raises(ValueError, match="outside of it ./etc/passwd., which are not"):
        nwb.read([path])


def test_a_files_own_types_run_nothing(tmp_path):
    """A file may define types (extensions): they are data, whatever they are called."""
    path = allen(tmp_path / "a.nwb")
    nwb.read([path])  # all modules are there
    mark = tmp_path / "ran"
    call = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    types = [
        {
            "neurodata_type_def": call,
            "neurodata_type_inc": "TimeSeries",
            "doc": f"!!python/object/apply:os.system ['touch {mark}']",
            "attributes": [{"name": "__class__", "dtype": "text", "doc": call}],
        }
    ]
    with h5py.File(path, "r+") as file:
        group = file.create_group("specifications/os/1.0")
        schema = [{"source": "types"}, {"namespace": "core"}]
        space = {"name": "os", "version": "1.0", "doc": call, "schema": schema}
        group["namespace"] = json.dumps({"namespaces": [space]})
        group["types"] = json.dumps({"groups": types})
        series = file["stimulus/templates/natural_scenes"]
        series.attrs["namespace"], series.attrs["neurodata_type"] = "os", call
    events = []
    watching = [True]

    def note(event, details):
        if watching[0] and event in ("exec", "compile", "os.system", "import"):
            events.append((event, str(details)))

    sys.addaudithook(note)  # can't be taken away again
    try:
        with pytest.raises(ValueError, match="a.nwb"):
            nwb.read([path])
    finally:
        watching[0] = False
    assert not mark.exists()
    assert not [event for event in events if "touch" in event[1] or event[0] != "exec"]


def test_without_pynwb_the_extra_is_named(tmp_path, monkeypatch):
    path = allen(tmp_path / "a.nwb")
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(ValueError, match=r'install it, with .pip install "v1keras.nwb'):
        nwb.read([path])
