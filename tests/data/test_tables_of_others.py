"""Tables of responses as other programs write them: read rightly, or refused in words.

`RESPONSES` is what each table says, whatever else stands in the file.
"""

import numpy as np
import pytest

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 6, 8)).astype("uint8")
RESPONSES = np.round(RNG.gamma(2, 2, (24, 3)), 3)
NUMBERS = np.arange(24)


def read(folder, responses, images=IMAGES, **layout):
    if isinstance(responses, str):
        path = folder / "theirs.csv"
        path.write_text(responses, encoding="utf-8")
    else:
        path = folder / "theirs.npy"
        np.save(path, responses)
    np.save(folder / "images.npy", images)
    return arrays.read(folder / "images.npy", path, layout=Layout(**layout))


def table(values, between=",", heading=None, missing="", form="{:g}"):
    lines = [] if heading is None else [heading]
    for row in values:
        fields = [missing if np.isnan(x) else form.format(x) for x in row]
        lines.append(between.join(fields))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (table(RESPONSES, heading='"u,1","u ""2""","u\n3"'), ["u,1", 'u "2"', "u\n3"]),
        (table(RESPONSES, ";", "sep=;\na;b;c"), ["a", "b", "c"]),
        (table(RESPONSES, " ", "# a b c"), ["a", "b", "c"]),
        (table(RESPONSES, ",", "#1,#2,#3"), ["#1", "#2", "#3"]),
        (table(RESPONSES, ", ", "\ufeffa, b, c").replace("\n", " ,\n"), list("abc")),
        (table(RESPONSES, "\t").replace("\n", "\r"), None),
        (table(RESPONSES, "    "), None),
    ],
)
def test_what_is_around_the_numbers_does_not_count(tmp_path, text, names):
    recording = read(tmp_path, text)
    np.testing.assert_allclose(recording.responses, RESPONSES, rtol=1e-6)
    read_names = recording.neurons.get("name")
    assert (read_names if names is None else read_names.tolist()) == names


@pytest.mark.parametrize(
    "missing", ["N.A.", "<NA>", "missing", "#DIV/0!", "-nan(ind)", "-", ".", "?"]
)
def test_words_for_missing(tmp_path, missing):
    values = RESPONSES.copy()
    values[4, 1] = np.nan
    recording = read(tmp_path, table(values, missing=missing))
    np.testing.assert_allclose(recording.responses, values, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (table(RESPONSES, "|"), "one column of words"),
        ("sep=;\n", "is not a table: expected lines"),
        (table(RESPONSES, form="{:.1f}%"), "words beside numbers: .*%"),
        (table(1000 * RESPONSES, ";", form="{:,.1f}"), "words beside numbers"),
        (table(RESPONSES, missing="lost").replace("2.", "lost"), "lost.*missing resp"),
        (table(RESPONSES[:, :1] + 0.001, form="{:.3f}").replace(".", ","), "decimal"),
        ("1,125\n2,25\n3,5\n" * 8, "such as '125', as if the commas were decimal"),
        (table(np.c_[RESPONSES, NUMBERS + 1]), r"last column \(1, 2, 3, .*numbers the"),
    ],
)
def test_what_may_be_something_else_is_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("index", "is_in_order"),
    [
        (3 * NUMBERS + 7, True),  # numbers with gaps
        (0.5 * NUMBERS + 0.25, True),  # times
        (RNG.permutation(500)[:24] + 1000, False),  # numbers of a catalogue
        (RNG.permutation(24) + 1, False),
    ],
)
def test_a_column_that_numbers_images_is_asked_about(tmp_path, index, is_in_order):
    text = table(np.c_[index, RESPONSES])
    with pytest.raises(ValueError, match="first column .*say --first_column=index"):
        read(tmp_path, text)
    if is_in_order:
        recording = read(tmp_path, text, first_column="index")
        np.testing.assert_allclose(recording.responses, RESPONSES, rtol=1e-6)
    else:
        with pytest.raises(ValueError, match="bring the rows into that order"):
            read(tmp_path, text, first_column="index")
    recording = read(tmp_path, text, first_column="neuron")
    assert recording.neuron_count == 4


Z_SCORES = (RESPONSES - RESPONSES.mean(axis=0)) / RESPONSES.std(axis=0)


@pytest.mark.parametrize(
    ("responses", "marks"),
    [
        (np.round(RESPONSES), [-1, -2, -999, 255, 65535, 2**31 - 1, -(2**31), -12345]),
        (Z_SCORES, [-1, -9, -99, -999, 999, -32768, 9.96921e36, -1e10]),
        (0.02 * Z_SCORES, [-1, -99, -999, 32767]),
        (1e-6 * RESPONSES, [-1, -999, 999, 65535]),
        (1e6 * RESPONSES, [-1, -999, -1e10, 1e20]),
    ],
)
def test_numbers_for_missing_are_asked_about_in_any_unit(tmp_path, responses, marks):
    marks = [mark for mark in marks if mark not in responses]
    assert marks
    for mark in marks:
        values = responses.copy()
        values[[3, 7], 2] = mark
        with pytest.raises(ValueError, match="may stand for missing responses: say"):
            read(tmp_path, values)
        recording = read(tmp_path, values, missing=str(mark))
        expected = np.where(values == mark, np.nan, values)
        np.testing.assert_allclose(recording.responses, expected, rtol=1e-6)


def test_two_numbers_for_missing(tmp_path):
    values = np.round(RESPONSES)
    values[3, 1], values[5, 2] = -1, -2
    with pytest.raises(ValueError, match="say --missing=-2,-1, or"):
        read(tmp_path, values)
    recording = read(tmp_path, values, missing="-2,-1")
    assert np.isnan(recording.responses[[3, 5], [1, 2]]).all()
    assert np.isnan(recording.responses).sum() == 2


@pytest.mark.parametrize(
    "responses",
    [
        Z_SCORES,
        0.02 * Z_SCORES - 1,
        np.round(RESPONSES).astype("uint8"),
        np.arange(-12, 60).reshape(24, 3)[::-1],
        np.where(RNG.random((24, 3)) < 0.05, RNG.gamma(2, 9, (24, 3)), 0),
        np.round(1e6 * RESPONSES),
        1e-6 * RESPONSES,
    ],
)
def test_responses_of_any_unit_are_no_mark(tmp_path, responses):
    recording = read(tmp_path, responses)
    np.testing.assert_allclose(recording.responses, responses, rtol=1e-6)
