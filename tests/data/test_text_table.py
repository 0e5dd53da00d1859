"""Tables as programs write them, and what in them is asked about."""

import numpy as np
import pytest

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

VALUES = np.array([[0.5, 1.25, 3], [2, np.nan, 0.125], [7, 1, 2], [0, 4.5, 1]])


def read(tmp_path, text, name="t.csv", encoding="utf-8", **layout):
    np.save(tmp_path / "images.npy", np.zeros((4, 5, 6), "uint8"))
    (tmp_path / name).write_bytes(text.encode(encoding))
    paths = (tmp_path / "images.npy", tmp_path / name)
    return arrays.read(*paths, layout=Layout(**layout))


def text_of(values, between=",", missing="", end="\n", decimal="."):
    lines = []
    for row in values:
        fields = [missing if np.isnan(value) else f"{value:g}" for value in row]
        lines.append(between.join(field.replace(".", decimal) for field in fields))
    return end.join(lines) + end


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("missing", ["", "NA", "nan", "NaN", "#N/A", "null", " "])
@pytest.mark.parametrize("heading", [False, True])
def test_numbers_are_read(tmp_path, between, missing, heading):
    text = text_of(VALUES, between, missing)
    if heading:
        text = between.join(["u 1", '"u 2"', "u3"]) + "\n" + text
    found = read(tmp_path, text)
    np.testing.assert_array_equal(found.responses, VALUES)
    names = found.neurons.get("name")
    assert names is None if not heading else names.tolist() == ["u 1", "u 2", "u3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_text_is_of_any_system(tmp_path, encoding, end):
    text = "größe;b;c" + end + text_of(VALUES, ";", "NA", end)
    found = read(tmp_path, text, encoding=encoding)
    np.testing.assert_array_equal(found.responses, VALUES)
    assert found.neurons["name"][0] == "größe"


@pytest.mark.parametrize("name", ["t.txt", "t.tsv"])
def test_numpy_and_matlab_write_spaces_and_tabs(tmp_path, name):
    between = "\t" if name == "t.tsv" else "  "
    found = read(tmp_path, text_of(VALUES, between, "NaN"), name)
    np.testing.assert_array_equal(found.responses, VALUES)


def test_a_last_delimiter_is_no_neuron(tmp_path):
    text = text_of(VALUES, ";", "NA", ";\n")
    np.testing.assert_array_equal(read(tmp_path, text).responses, VALUES)


COUNTS = np.array([[0, 4], [2, 1], [7, 1], [1, 0.0]])
INDEX = "".join(f"{i},{a:g},{b:g}\n" for i, (a, b) in enumerate(COUNTS))
WIDE = "".join(f"{i}.5,{a:g},{b:g},1,0\n" for i, (a, b) in enumerate(COUNTS))
WORDS = INDEX.replace("0,0,4", "x.png,0,4").replace("1,2,1", "y,2,1")
WORDS = WORDS.replace("2,7,1", "z,7,1").replace("3,1,0", "w,1,0")
# A text, what of the layout is asked for, and other answers that would be errors.
QUESTIONS = {
    "an index": (INDEX, {"first_column": "index"}),
    "an index from 1": (
        "".join(f"{i},{a:g},{b:g}\n" for i, (a, b) in enumerate(COUNTS, 1)),
        {"first_column": "index"},
    ),
    "an index with a heading": ("i,a,b\n" + INDEX, {"first_column": "index"}),
    "words": (WORDS, {"first_column": "index"}),
    "a heading of numbers": ("0,1\n" + text_of(COUNTS), {"first_row": "heading"}),
    "an index and its heading": (",0,1,2,3\n" + WIDE, {"first_row": "heading"}),
    "decimal commas": (text_of(COUNTS / 8, ";", decimal=","), {"decimal": "comma"}),
    "decimal commas, tabs": (
        text_of(COUNTS / 8, "\t", decimal=","),
        {"decimal": "comma"},
    ),
    "-1": (text_of(np.where(COUNTS == 7, -1, COUNTS)), {"missing": "-1"}),
    "-999": (text_of(np.where(COUNTS == 7, -999, COUNTS)), {"missing": "-999"}),
    "9999": (text_of(np.where(COUNTS == 7, 9999, COUNTS)), {"missing": "9999"}),
}
EXPECTED = {"decimal": COUNTS / 8, "missing": np.where(COUNTS == 7, np.nan, COUNTS)}
EXPECTED["an index and its heading"] = np.column_stack(
    [np.arange(4) + 0.5, COUNTS, np.ones(4), np.zeros(4)]
)


@pytest.mark.parametrize("kind", QUESTIONS)
def test_what_is_open_is_asked_about(tmp_path, kind):
    text, layout = QUESTIONS[kind]
    ((name, answer),) = layout.items()
    with pytest.raises(ValueError, match=rf"t\.csv.*--{name}={answer}"):
        read(tmp_path, text)
    found = read(tmp_path, text, **layout)
    expected = EXPECTED.get(kind, EXPECTED.get(name, COUNTS))
    np.testing.assert_array_equal(found.responses, expected)


@pytest.mark.parametrize(
    "text, layout",
    [
        (INDEX, {"first_column": "neuron"}),
        (text_of(COUNTS - 1), {"missing": "none"}),
        (text_of(COUNTS - 1.5), {}),  # several negative numbers
        (text_of(np.where(COUNTS == 7, -0.5, COUNTS)), {}),
    ],
)
def test_the_other_answer_takes_the_numbers_as_they_are(tmp_path, text, layout):
    expected = [[float(f) for f in line.split(",")] for line in text.splitlines()]
    found = read(tmp_path, text, **layout)
    np.testing.assert_array_equal(found.responses, expected)


def test_decimal_commas_between_commas_are_refused(tmp_path):
    """1,05 is one number or two: as two, there would be twice as many neurons."""
    text = "".join(f"{a},{b:03d}\n" for a, b in [(1, 50), (0, 375), (2, 5), (3, 125)])
    with pytest.raises(ValueError, match="'005'.* save it with semicolons or tabs"):
        read(tmp_path, text)
    with pytest.raises(ValueError, match="so none can be a decimal sign"):
        read(tmp_path, text, decimal="comma")
    assert read(tmp_path, text, decimal="point").responses[0].tolist() == [1, 50]


@pytest.mark.parametrize(
    "text, told",
    [
        ("1;2\n3\n", r"row 2 has 1 fields, the first 2"),
        ("1.5,2\n3,x\n", r"'x' in row 2, field 2"),
        ("1,000;2\n1,5;3.5\n", r"fields such as '1,5'"),
        ("\0\0", "is not a table"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, text, told):
    with pytest.raises(ValueError, match=r"t\.csv: .*" + told):
        read(tmp_path, text)


@pytest.mark.parametrize("encoding", ["latin-1"])
def test_another_encoding_is_told(tmp_path, encoding):
    with pytest.raises(ValueError, match=r"t\.csv: is not text in UTF-8"):
        read(tmp_path, "größe\n1\n2\n3\n4\n", encoding=encoding)


def test_a_split_may_be_in_words(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((4, 5, 6), "uint8"))
    (tmp_path / "r.csv").write_text(text_of(COUNTS))
    (tmp_path / "split.csv").write_text("Train\nvalidation\ntest\ntraining\n")
    paths = (tmp_path / "images.npy", tmp_path / "r.csv")
    columns = {"split": tmp_path / "split.csv"}
    assert arrays.read(*paths, columns=columns).split.tolist() == [0, 1, 2, 0]
    (tmp_path / "split.csv").write_text("train\nholdout\ntest\ntrain\n")
    with pytest.raises(ValueError, match=r"split\.csv: split: found 'holdout', expect"):
        arrays.read(*paths, columns=columns)
