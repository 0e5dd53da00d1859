"""NWB files that leave something open, or contradict themselves."""

import numpy as np
import pytest

nwb_files = pytest.importorskip("nwb_files", exc_type=ImportError)

from nwb_files import FRAMES, IMAGES, ONSETS, TRAINS, allen, traces  # noqa: E402

from v1keras.data.sources import nwb  # noqa: E402
from v1keras.data.sources.nwb import Choices  # noqa: E402


def second_templates(file):
    nwb_files.add_templates(file, IMAGES[:, ::-1], name="flipped")


def second_table(file):
    nwb_files.add_table(file, FRAMES[::-1], ONSETS, 0.25, name="backwards")


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
    both = Choices(where=["stimulus_name=scenes,gratings"])
    everything = nwb.read([path], both)
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
