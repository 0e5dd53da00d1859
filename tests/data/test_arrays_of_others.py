"""Arrays in MATLAB, HDF5 and NumPy files as laboratories keep them."""

import h5py
import numpy as np
import pytest
import scipy.io

from v1keras.data import Recording
from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 6, 8)).astype("uint8")
RESPONSES = RNG.gamma(2, 2, (12, 3))
REPEATS = RNG.poisson(3, (12, 4, 3)).astype(float)


def cells(values, shape=(-1, 1)):
    array = np.empty(len(values), object)
    array[:] = [np.atleast_2d(value) for value in values]
    return array.reshape(shape)


def structs(**fields):
    count = len(next(iter(fields.values())))
    array = np.zeros((count,), dtype=[(name, object) for name in fields])
    for i in range(count):
        array[i] = tuple(values[i] for values in fields.values())
    return array


@pytest.fixture
def lab(tmp_path):
    np.save(tmp_path / "images.npy", IMAGES)
    uneven = [trials[: 2 + i % 3] for i, trials in enumerate(REPEATS)]
    content = {
        "whole": np.round(RESPONSES).astype("int16"),
        "yes": RESPONSES > 2,
        "rows": cells(RESPONSES),
        "columns": cells([row[:, None] for row in RESPONSES], (1, -1)),
        "presentations": cells(REPEATS),
        "uneven": cells(uneven),
        "turned": cells([trials.T for trials in uneven]),
        "ragged": cells([row[: 2 + i % 2] for i, row in enumerate(RESPONSES)]),
        "trials": structs(image=list(IMAGES), rates=list(RESPONSES)),
        "units": structs(spikes=list(RESPONSES.T)),
        "deep": {"of": {"day": structs(rates=[RESPONSES, RESPONSES[:, :2]])}},
    }
    scipy.io.savemat(tmp_path / "lab.mat", content)
    return tmp_path / "lab.mat"


@pytest.mark.parametrize(
    ("place", "expected", "layout"),
    [
        ("whole", np.round(RESPONSES), {}),
        ("yes", RESPONSES > 2, {}),
        ("rows", RESPONSES, {}),
        ("columns", RESPONSES, {}),
        ("trials.rates", RESPONSES, {}),
        ("units.spikes", RESPONSES, {"responses_axes": "neurons,images"}),
        ("deep.of.day(2).rates", RESPONSES[:, :2], {}),
    ],
)
def test_responses_in_matlab_files(lab, place, expected, layout):
    files = lab.with_name("images.npy"), f"{lab}:{place}"
    recording = arrays.read(*files, layout=Layout(**layout))
    np.testing.assert_allclose(recording.responses, expected, rtol=1e-6)


def test_structs_of_trials_hold_images_and_responses(lab):
    recording = arrays.read(f"{lab}:trials.image", f"{lab}:trials.rates")
    np.testing.assert_array_equal(recording.images, IMAGES)
    np.testing.assert_allclose(recording.responses, RESPONSES, rtol=1e-6)


@pytest.mark.parametrize("place", ["presentations", "uneven", "turned"])
def test_cells_of_presentations_are_repeats(lab, place):
    files = {"images": lab.with_name("images.npy"), "repeats": f"{lab}:{place}"}
    layout = Layout(repeats_axes="images,trials,neurons")
    recording = arrays.read(**files, layout=layout)
    counts = np.full(12, 4) if place == "presentations" else 2 + np.arange(12) % 3
    for trials, count, shown in zip(recording.repeats, counts, REPEATS, strict=True):
        np.testing.assert_array_equal(trials[:count], shown[:count])
        assert np.isnan(trials[count:]).all()


@pytest.mark.parametrize(
    ("flag", "place", "words"),
    [
        ("responses", "ragged", "found 3 numbers of neurons in cell 2, expected 2"),
        ("responses", "presentations", "4 x 3 float64, expected a vector.*--repeats"),
        ("responses", "units.spikes", "say --responses_axes=neurons,images"),
        ("responses", "deep.of.day(3).rates", "no 'deep.of.day.3..rates'"),
        ("repeats", "trials.image", "axes|expected"),
    ],
)
def test_cells_that_do_not_fit_are_refused(lab, flag, place, words):
    with pytest.raises(ValueError, match=words):
        arrays.read(lab.with_name("images.npy"), **{flag: f"{lab}:{place}"})


@pytest.fixture
def theirs(tmp_path):
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        file["a b/\u00e4:1"], file["stim/frames"] = RESPONSES, IMAGES
        file["half"], file["big"] = RESPONSES.astype("f2"), RESPONSES.astype(">f8")
        file["table"] = np.zeros(12, [("x", "f4"), ("y", "i4")])
        file["empty"] = h5py.Empty("f4")
        file["link"] = h5py.SoftLink("/half")
    return tmp_path / "theirs.h5"


@pytest.mark.parametrize("place", ["/a b/\u00e4:1", "a b/\u00e4:1", "//big/", "half"])
def test_places_in_hdf5_files(theirs, place):
    recording = arrays.read(f"{theirs}:/stim/frames", f"{theirs}:{place}")
    np.testing.assert_array_equal(recording.images, IMAGES)
    np.testing.assert_allclose(recording.responses, RESPONSES, rtol=2e-3)


@pytest.mark.parametrize("place", ["", "/a b", "gone", "/a b/../half", "tables"])
def test_what_is_not_read_is_listed_beside_what_is(theirs, place):
    with pytest.raises(ValueError, match="float64.*/empty .not read.*/link .not read"):
        arrays.read(f"{theirs}:/stim/frames", f"{theirs}:{place}")


@pytest.mark.parametrize("name", ["theirs.nwb", "theirs.he5"])
def test_a_place_in_a_file_of_another_name(theirs, name):
    theirs.rename(theirs.with_name(name))
    path = f"{theirs.with_name(name)}:/half"
    with pytest.raises(ValueError, match="expected .npy, .*h5:/GROUP/DATASET"):
        arrays.read(path, path)


@pytest.mark.parametrize(
    ("images", "responses", "words"),
    [
        ((8, 8, 8), (8, 3), "--images_axes=nhw, or --images_axes=hwn"),
        ((8, 6, 8), (8, 3), "--images_axes=nhw, or --images_axes=hwn"),
        ((12, 6, 8), (12, 12), "--responses_axes=images,neurons, or"),
        ((6, 8, 12), (12, 3), "say --images_axes=hwn$"),
        ((12, 6, 8), (12, 4, 3), "expected .12, neurons.: a row for each"),
        ((12, 3, 6, 8), (12, 3), "average the colours"),
    ],
)
def test_axes_that_shapes_leave_open_are_asked_about(
    tmp_path, images, responses, words
):
    np.save(tmp_path / "images.npy", np.zeros(images, "uint8"))
    np.save(tmp_path / "responses.npy", RNG.random(responses))
    with pytest.raises(ValueError, match=words):
        arrays.read(tmp_path / "images.npy", tmp_path / "responses.npy")


@pytest.mark.parametrize("scale", [1e-6, 1, 1e6, 1e30])
@pytest.mark.parametrize("offset", [0, 1, 1e5])
@pytest.mark.parametrize("change", ["images", "neurons", "one later"])
def test_repeats_of_others_are_refused_in_any_unit(scale, offset, change):
    repeats = (scale * (REPEATS + offset)).astype("float32")
    means = repeats.mean(axis=1, dtype=float)
    rows = np.arange(12)
    recording = Recording(IMAGES, means, repeats=repeats, repeat_images=rows)
    np.testing.assert_array_equal(recording.repeats, repeats)
    if change == "images":
        repeats = repeats[::-1]
    elif change == "neurons":
        repeats = repeats[:, :, [1, 2, 0]]
    else:
        repeats, rows = repeats[1:], rows[:-1]
    with pytest.raises(ValueError, match="another order|1 more"):
        Recording(IMAGES, means, repeats=repeats, repeat_images=rows)


@pytest.mark.parametrize("name", ["", ".", "a/b", "/a", "../up", "a\0b", "\ud800", 3])
@pytest.mark.parametrize("group", ["covariates", "neurons", "repeat_covariates"])
def test_a_column_whose_name_no_file_can_hold_is_refused(name, group):
    count = {"covariates": 12, "neurons": 3, "repeat_covariates": (12, 4)}[group]
    columns = {group: {name: np.zeros(count)}}
    with pytest.raises(ValueError, match=f"{group}: found"):
        Recording(
            *(IMAGES, REPEATS.mean(axis=1)),
            repeats=REPEATS,
            repeat_images=range(12),
            **columns,
        )


@pytest.mark.parametrize("name", ["-x", "\U0001f42d", "x" * 300, "a\nb", "a:b", ".."])
def test_a_column_of_any_other_name_is_stored(tmp_path, name):
    columns = {name: np.arange(12.0), name.swapcase() + "\u00e4": np.ones(12)}
    columns[name.swapcase() + "a\u0308"] = np.zeros(12)
    Recording(IMAGES, RESPONSES, covariates=columns).save(tmp_path / "x.h5")
    stored = Recording.load(tmp_path / "x.h5").covariates
    assert sorted(stored) == sorted(columns)
    for key, values in columns.items():
        np.testing.assert_array_equal(stored[key], values)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"covariates": {"c": np.zeros(12, "M8[s]")}}, "covariates/c: .*datetime64"),
        ({"covariates": {"c": np.zeros(12, complex)}}, "covariates/c: .*complex"),
        ({"neurons": {"c": [b"a", b"b", b"\xff"]}}, "neurons/c: .*not in UTF-8"),
        ({"neuron_session": ["a", "b", "c\0d"]}, "neuron_session: found text with NUL"),
        ({"attributes": {"name": "a\0b"}}, "attribute name: found text with NUL"),
        ({"attributes": {"window_s": np.inf}}, "window_s: found inf"),
    ],
)
def test_what_no_file_can_hold_is_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        Recording(IMAGES, RESPONSES, **fields)


def test_units_are_known_in_any_writing():
    attributes = {"units": " Spikes per Presentation", "window_s": 0.1}
    recording = Recording(IMAGES, RESPONSES, attributes=attributes)
    expected = RESPONSES.mean(axis=0) / 0.1
    np.testing.assert_allclose(recording.mean_rates_hz, expected, rtol=1e-5)
    recording = Recording(IMAGES, RESPONSES, attributes={"units": "HZ ", "window_s": 1})
    np.testing.assert_allclose(recording.mean_rates_hz, expected / 10, rtol=1e-5)
    with pytest.warns(UserWarning, match="100 seconds; if milliseconds .* it is 0.1"):
        Recording(IMAGES, RESPONSES, attributes={"window_s": 100})
