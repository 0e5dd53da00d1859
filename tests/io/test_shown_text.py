"""Text of others on a terminal, and in tables."""

import ast
import csv
import io
import pathlib

import numpy as np
import pytest

import v1keras
from v1keras.io.tables import write_columns, write_rows
from v1keras.io.terminal import one_line, printable, say

ROOT = pathlib.Path(v1keras.__file__).parent
# One prints; the other answers the process that started it.
PRINTING = {"io/terminal.py", "io/hdf5_server.py", "data/sources/nwb_server.py"}


@pytest.mark.parametrize(
    "text",
    ["Mäuse", "🐭 1", "V1 (左)", "a\u00a0b\u3000c", "e\u0301", "µV ± 1 % \\ <b>"],
)
def test_natural_text_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    "text, shown",
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J\x07\x00", r"\x9b2J\x07\x00"),
        ("back\b\r", r"back\x08\r"),
        ("\u202egpj.\u2066", r"\u202egpj.\u2066"),
        ("\u200b\ufeff\u2028", r"\u200b\ufeff\u2028"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_text(text, shown, capsys):
    say(f"a {text}\nb", head="\x1b[1m")
    assert capsys.readouterr().out == f"\x1b[1ma {shown}\nb\n"
    assert one_line(f" a\n{text}").startswith("a") and "\n" not in one_line(text)


def test_all_printing_goes_through_one_function():
    printing = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and ast.unparse(node.func)
            if called in ("print", "traceback.print_exc", "sys.stdout.write"):
                printing.add(path.relative_to(ROOT).as_posix())
    assert printing == PRINTING


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "=", "-"],
)
def test_formulas_are_texts_in_a_table(tmp_path, text):
    columns = {text: np.array([1.5, np.nan]), "name": np.array([text, "V1"])}
    write_columns(columns, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [[f"'{text}", "name"], ["1.5", f"'{text}"], ["", "V1"]]


def test_no_text_ends_a_row():
    file = io.StringIO()
    write_rows([["\r=1", "a\r\n=2", "\n=3"]], file)
    file.seek(0)
    assert list(csv.reader(file)) == [["\\r=1", "a\\r\n=2", "\n=3"]]


def test_numbers_and_other_texts_stay_as_they_are_in_a_table():
    row = ["-1.5", "+2e3", "-inf", "a=b", "M-1", "Mäuse", "", -3, -0.5, True]
    file = io.StringIO()
    write_rows([row, np.array([-1, 2]), np.array([-0.25, 1e-9])], file)
    file.seek(0)
    assert list(csv.reader(file)) == [
        [str(value) for value in row],
        ["-1", "2"],
        ["-0.25", "1e-09"],
    ]
