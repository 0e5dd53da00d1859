"""Every flag that is a number, with values that make no sense."""

import itertools
import xml.etree.ElementTree as ElementTree

import pytest
from absl import flags

from v1keras.flag_values import FLAGS, check_flags

COMMANDS = ("train", "evaluate", "invert", "data", "zoo")
# What each command needs before it would begin to work.
BEGIN = {
    "train": ["train", "--workdir=out"],
    "invert": ["invert", "--model=simulated_factorized", "--out=out"],
    "data": ["data", "simulate", "--out=out"],
}
NONSENSE = [-1, float("nan"), float("inf"), 1e300, 10**30, [1.0], [-1.0, 1.0, 1.0]]


@pytest.mark.parametrize("name", FLAGS)
def test_nonsense_is_refused_with_the_flag_and_what_fits(name):
    values = flags.FlagValues()
    flags.DEFINE_string(name, None, "", flag_values=values)
    values([""])
    check_flags(values)
    for nonsense in NONSENSE:
        values[name].value = nonsense
        with pytest.raises(ValueError, match=rf"^--{name}: found .*, expected a"):
            check_flags(values)


def number_flags(command, name):
    """The flags of a command that are numbers."""
    names = []
    root = ElementTree.fromstring(command(name, "--helpxml").stdout)
    for flag in root.iter("flag"):
        if flag.findtext("key") == "yes" and flag.findtext("type") in ("int", "float"):
            names.append(flag.findtext("name"))
    return names


@pytest.mark.parametrize("name", COMMANDS)
def test_each_number_of_a_command_has_its_bounds(name, command, tmp_path):
    numbers = number_flags(command, name)
    assert set(numbers) <= FLAGS.keys()
    assert bool(numbers) == (name in BEGIN)
    for flag in numbers[:1]:
        refuse(command, name, flag, "-1", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", BEGIN)
def test_a_command_refuses_in_one_line(name, command, tmp_path):
    values = ["-1", "nan", "1" + "0" * 30, "", "some"]
    for flag, value in itertools.product(number_flags(command, name), values):
        refuse(command, name, flag, value, tmp_path)


def refuse(command, name, flag, value, folder):
    done = command(*BEGIN[name], f"--{flag}={value}", cwd=folder)
    assert done.returncode == 1, (flag, value, done)
    assert done.stderr.count("\n") == 1, done.stderr
    assert flag in done.stderr and done.stderr.startswith("error: "), done.stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize("parts", ["nan,1,1", "1,1", "0,1,1", "a,1,1", "inf,1,1"])
def test_parts_of_a_split(parts, tiny, command, tmp_path):
    line = ["data", "split", tiny.recording, f"--parts={parts}"]
    done = command(*line, f"--out={tmp_path / 'out.h5'}")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: --parts: found ["), done.stderr
    assert not list(tmp_path.iterdir())


def test_a_simulation_larger_than_the_memory(command, tmp_path):
    sizes = ["--train_images=1000000", "--image_size=512"]
    done = command("data", "simulate", *sizes, f"--out={tmp_path / 'out.h5'}")
    assert done.returncode == 1 and done.stderr.startswith("error: this simulation")
    assert " GB of memory, this machine has " in done.stderr
    assert not list(tmp_path.iterdir())
