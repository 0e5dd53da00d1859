"""Tables of columns whose rows name the pictures, or the neurons, in any order."""

import numpy as np
import pytest
from PIL import Image

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (9, 6, 8)).astype("uint8")
RESPONSES = RNG.gamma(2, 2, (9, 3))
PICTURES = [f"img{i}.png" for i in range(1, 10)]
SPLIT = np.array([0, 0, 1, 2, 0, 2, 1, 0, 2])
WORDS = ("train", "validation", "test")
ORDER = RNG.permutation(9)


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "p").mkdir()
    for name, image in zip(PICTURES, IMAGES, strict=True):
        Image.fromarray(image).save(tmp_path / "p" / name)
    lines = ["u7,u2,u9", *(",".join(map(str, row)) for row in RESPONSES)]
    (tmp_path / "responses.csv").write_text("\n".join(lines))
    return tmp_path


def read(lab, column, lines, **layout):
    (lab / "column.csv").write_text("\n".join(lines))
    columns = {column: lab / "column.csv"}
    return arrays.read(
        lab / "p", lab / "responses.csv", columns=columns, layout=Layout(**layout)
    )


@pytest.mark.parametrize("form", ["{}", "stim/{}"])
@pytest.mark.parametrize("heading", [[], ["picture,side"]])
def test_a_split_goes_to_the_pictures_that_it_names(lab, form, heading):
    rows = [f"{form.format(PICTURES[i])},{WORDS[SPLIT[i]]}" for i in ORDER]
    if heading:
        with pytest.raises(ValueError, match="'side', .* say --first_row=heading"):
            read(lab, "split", heading + rows)
    first_row = "heading" if heading else None
    recording = read(lab, "split", heading + rows, first_row=first_row)
    np.testing.assert_array_equal(recording.split, SPLIT)
    np.testing.assert_allclose(recording.responses, RESPONSES, rtol=1e-6)


@pytest.mark.parametrize("column", ["covariates/contrast", "image_group"])
def test_so_do_numbers(lab, column):
    rows = [f"{PICTURES[i][:-4]};{10 * i}" for i in ORDER]
    recording = read(lab, column, rows)
    values = recording.image_group
    if column != "image_group":
        values = recording.covariates["contrast"]
    np.testing.assert_array_equal(values, 10 * np.arange(9))


@pytest.mark.parametrize("column", ["neurons/layer", "neuron_session"])
def test_columns_of_neurons_go_to_those_that_they_name(lab, column):
    recording = read(lab, column, ["u9,L5", "u7,L2", "u2,L4"])
    values = recording.neuron_session
    if column == "neurons/layer":
        values = recording.neurons["layer"]
    assert values.tolist() == ["L2", "L4", "L5"]
    assert recording.neurons["name"].tolist() == ["u7", "u2", "u9"]


@pytest.mark.parametrize(
    ("column", "lines", "words"),
    [
        ("split", [f"{p},train" for p in PICTURES[:8]], "split: .*img9.png have no"),
        ("split", [f"scene {i},train" for i in range(9)], "leave them out of"),
        ("split", [f"scene {9 - i},train" for i in range(9)], "leave them out of"),
        ("neurons/layer", ["u9,L5", "u7,L2", "u3,L4"], "layer: .*u2 have no row; u3"),
        ("neuron_session", ["a,L5", "b,L2", "c,L4"], "not the names of the neurons"),
        ("covariates/c", [f"{i},{i % 3}" for i in range(9)], "first column counts"),
        ("covariates/c", [f"{i + 1};{i % 3}" for i in range(9)], "leave it out of"),
    ],
)
def test_rows_of_others_are_refused(lab, column, lines, words):
    with pytest.raises(ValueError, match=words):
        read(lab, column, lines)


def test_single_presentations_with_names_are_no_column_of_numbers(lab):
    lines = [f"{PICTURES[i]},1,2,{i}" for i in ORDER]
    (lab / "repeats.csv").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="its first column holds words"):
        arrays.read(lab / "p", repeats=lab / "repeats.csv")
