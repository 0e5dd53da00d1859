"""Text from files on the terminal, and errors that no one foresaw."""

import pathlib
import shutil

import numpy as np
import pytest

from v1keras import simulate_recording, zoo

HOSTILE = "a\x1b]0;title\x07\x1b[2J\u202e\nerror: all is well\r=1+1"
RAISES = """
import sys
from v1keras import cli
def main(arguments):
    raise {error}
sys.argv = ["command", *{flags}]
cli.run(main, words=True)
"""


def harmless(result):
    """Whether nothing that a terminal obeys was printed, or forged a line."""
    text = result.stdout + result.stderr
    assert not set(text) & set("\x1b\x07\r\u202e"), repr(text)
    assert not any(line.startswith("error: all") for line in text.splitlines())
    return text


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "a.h5"
    whole = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    for name in ("name", "species", "source"):
        whole.attributes[name] = HOSTILE
    count = whole.neuron_count
    whole.neurons[HOSTILE.replace("/", "")] = np.zeros(count)
    whole.neuron_session = np.array([HOSTILE] * count)
    whole.save(path)
    return path


def test_names_in_a_recording_are_shown_as_text(recording, command):
    result = command("data", "info", recording)
    assert result.returncode == 0, result.stderr
    text = harmless(result)
    assert r"name: a\x1b]0;title\x07\x1b[2J\u202e error: all is well =1+1" in text
    assert "sessions: a\\x1b" in text and "neurons/a\\x1b" in text


def test_names_of_files_and_warnings_are_shown_as_text(tmp_path, command):
    result = command("data", "info", tmp_path / HOSTILE.replace("/", ""))
    assert result.returncode == 1
    assert "\\x1b" in harmless(result)
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


def test_cards_are_shown_as_text(tmp_path, command):
    preset = tmp_path / "preset"
    shutil.copytree(zoo.find("simulated_factorized"), preset)
    card = preset / "README.md"
    card.write_text(card.read_text() + "\n\x1b[2J red\n")
    assert "\\x1b[2J red" in harmless(command("zoo", "show", preset))


def test_unforeseen_errors_are_one_line_and_say_how_to_see_the_rest(python):
    errors = {
        "KeyError('a\\x1b[2J')": "KeyError: 'a\\x1b[2J'",
        "MemoryError()": "MemoryError: MemoryError",
        "RuntimeError('a\\n\\tb')": "RuntimeError: a b",
        "AssertionError": "AssertionError: AssertionError",
    }
    for error, shown in errors.items():
        result = python("-c", RAISES.format(error=error, flags=[]))
        assert result.returncode == 1 and not result.stdout
        assert result.stderr == (
            f"error: {shown}; this was not foreseen: run it with --verbosity=1 to see"
            " where it arose\n"
        )
        harmless(result)


def test_verbosity_shows_where_an_error_arose(python):
    code = RAISES.format(error="KeyError('a\x1b[2J')", flags=["--verbosity=1"])
    result = python("-c", code)
    assert result.returncode == 1
    assert "Traceback" in harmless(result) and "in main" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: KeyError")


def test_pages_hold_no_markup_of_others(recording, command, tmp_path):
    page = tmp_path / "a.html"
    result = command("data", "plot", recording, f"--out={page}")
    assert result.returncode == 0, result.stderr
    harmless(result)
    assert not set(pathlib.Path(page).read_text("utf-8")) & set("\x1b\x07\u202e")
