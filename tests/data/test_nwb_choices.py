"""NWB files that leave something open, contradict themselves, or are damaged."""

import json
import sys

import h5py
import numpy as np
import pytest

nwb_files = pytest.importorskip("nwb_files", exc_type=ImportError)

from v1keras.data.sources import nwb  # noqa: E402
from v1keras.data.sources.nwb import Choices  # noqa: E402

FRAMES = np.tile(np.arange(4), 5)
ONSETS = 1 + 0.5 * np.arange(20)
IMAGES = nwb_files.pictures(4)
TRAINS = [np.arange(0.1, 12, 0.3), np.arange(0.2, 12, 0.7)]


def allen(path, change=lambda file: None, frames=FRAMES, column="frame", **columns):
    """A file with templates, a table and units, after a change."""
    file = nwb_files.session()
    nwb_files.add_templates(file, IMAGES)
    nwb_files.add_table(file, frames, ONSETS, 0.25, column, **columns)
    nwb_files.add_units(file, TRAINS)
    change(file)
    return nwb_files.write(file, path)


def second_templates(file):
    nwb_files.add_templates(file, IMAGES[:, ::-1], name="flipped")


def second_table(file):
    nwb_files.add_table(file, FRAMES[::-1], ONSETS, 0.25, name="backwards")


def traces(file):
    nwb_files.add_traces(file, np.random.default_rng(0).normal(size=(400, 3)), 30.0)


@pytest.mark.parametrize(
    ("change", "choices", "listed", "chosen"),
    [
        (
            second_templates,
            {},
            "images: choose one by --images=NAME; there are stimulus/templates/flipped"
            " .4 x 12 x 16 pixels., stimulus/templates/natural_scenes",
            {"images": "flipped"},
        ),
        (
            second_table,
            {},
            "presentations: choose one by --presentations=NAME; there are"
            " intervals/backwards .20 rows., intervals/natural_scenes_presentations",
            {"presentations": "backwards"},
        ),
        (
            traces,
            {},
            "responses: choose one by --responses=NAME; there are units .2 spike"
            " trains., processing/ophys/DfOverF/dff .400 x 3 DfOverF.,"
            " processing/ophys/Fluorescence/raw",
            {"responses": "raw"},
        ),
        (
            traces,
            {"responses": "dfff"},
            "--responses=dfff: found none of that name; there are units",
            {"responses": "DfOverF/dff"},
        ),
        (
            None,
            {"neurons": ["quality=fine"]},
            "--select=quality=fine: no row is left; quality has good",
            {"neurons": ["quality=fine,good", "id=1"]},
        ),
        (
            None,
            {"neurons": ["region=V1"]},
            "no column 'region'; there is id, quality, location, group_name, x, y, z",
            {"neurons": ["location=VISp"]},
        ),
    ],
)
def test_what_is_open_is_listed_with_the_flag_that_chooses(
    tmp_path, change, choices, listed, chosen
):
    path = allen(tmp_path / "a.nwb", change or (lambda file: None))
    with pytest.raises(ValueError, match=f"a.nwb: .*{listed}"):
        nwb.read([path], Choices(**choices))
    recording = nwb.read([path], Choices(**chosen))
    assert str(list(chosen.values())[0]) in recording.attributes["source"] or (
        "neurons" in chosen
    )


def test_a_column_of_another_name_is_named(tmp_path):
    path = allen(tmp_path / "a.nwb", column="which")
    with pytest.raises(ValueError, match="--frame_column=NAME; .* stop_time, which"):
        nwb.read([path])
    recording = nwb.read([path], Choices(frame_column="which"))
    np.testing.assert_array_equal(recording.images, IMAGES)
    path = allen(tmp_path / "b.nwb", image_index=FRAMES[::-1].copy())
    with pytest.raises(ValueError, match="--frame_column=NAME; .* frame, image_index"):
        nwb.read([path])


def test_images_counted_from_one_are_named(tmp_path):
    path = allen(tmp_path / "a.nwb", frames=FRAMES + 1)
    with pytest.raises(
        ValueError, match="image 4, but there are 4 .* from 1, say --first_frame=1"
    ):
        nwb.read([path])
    from_one = nwb.read([path], Choices(first_frame=1))
    from_zero = nwb.read([allen(tmp_path / "b.nwb")])
    np.testing.assert_array_equal(from_one.responses, from_zero.responses)


def test_rows_of_other_stimuli_are_left_out(tmp_path):
    kinds = np.where(np.arange(20) < 8, "gratings", "scenes")
    path = allen(tmp_path / "a.nwb", stimulus_name=kinds)
    everything = nwb.read([path])
    scenes = nwb.read([path], Choices(where=["stimulus_name=scenes"]))
    assert everything.repeats.shape[1] == 5 and scenes.repeats.shape[1] == 3
    np.testing.assert_array_equal(scenes.repeats, everything.repeats[:, 2:])


def test_images_are_found_by_name(tmp_path):
    names = np.array(["house", "tree", "cat", "face"])

    def change(file):
        order = [2, 0, 3, 1]
        nwb_files.add_image_set(file, IMAGES[order], False, list(names[order]))

    shown = names[FRAMES]
    shown[[4, 9]] = "gray"
    path = allen(tmp_path / "a.nwb", change, image_name=shown)
    choices = Choices(images="scenes", frame_column="image_name")
    with pytest.warns(UserWarning, match="2 presentations name no image .gray."):
        recording = nwb.read([path], choices)
    by_name = {image.tobytes(): row for row, image in enumerate(recording.images)}
    rows = [by_name[image.tobytes()] for image in IMAGES]
    assert np.isnan(recording.repeats[rows]).any(axis=(1, 2)).tolist() == [
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(ValueError, match="counts images that have no order"):
        nwb.read([path], Choices(images="scenes", frame_column="frame"))


def test_a_series_of_every_frame_on_the_screen(tmp_path):
    file = nwb_files.session()
    together = nwb_files.add_image_set(file, IMAGES)
    indices = np.repeat(FRAMES, 6)
    nwb_files.add_index_series(file, together, indices, 1 + np.arange(120) / 60)
    nwb_files.add_units(file, TRAINS)
    path = nwb_files.write(file, tmp_path / "a.nwb")
    with pytest.raises(ValueError, match="100 of 120 entries .* --entries=frames"):
        nwb.read([path], Choices(window=0.1))
    frames = nwb.read([path], Choices(window=0.1, entries="frames"))
    assert frames.repeats.shape[1] == 5
    each = nwb.read([path], Choices(window=0.1, entries="presentations"))
    assert each.repeats.shape[1] == 30


def test_sessions_of_two_sizes_or_of_one_name_are_refused(tmp_path):
    first = allen(tmp_path / "a.nwb")
    with pytest.raises(ValueError, match="two of the files are called 'monday'"):
        nwb.read([first, first])
    file = nwb_files.session("tuesday")
    nwb_files.add_templates(file, IMAGES[:, :8])
    nwb_files.add_table(file, FRAMES, ONSETS, 0.25)
    nwb_files.add_units(file, TRAINS)
    second = nwb_files.write(file, tmp_path / "b.nwb")
    with pytest.raises(
        ValueError, match=r"monday has images of \(12, 16\), tuesday images of \(8, 16"
    ):
        nwb.read([first, second])


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
    "cut off": (cut, "truncated file"),
    "words": (lambda path: path.write_text("no NWB file"), "signature not found"),
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
