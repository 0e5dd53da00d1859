"""The documents' examples run, and their links, commands and numbers are right."""

import ast
import functools
import json
import pathlib
import re
import subprocess
import sys

import pytest

from tools import notebook
from v1keras import config
from v1keras.training import LIKELIHOODS

ROOT = pathlib.Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINKED = [
    ROOT / "README.md",
    ROOT / "RESULTS.md",
    ROOT / "CONTRIBUTING.md",
    *PAGES,
    *sorted((ROOT / "zoo").rglob("README.md")),
]
SLOW = {"extending", "inversion", "keras", "tutorial"}  # those that train or synthesize
PATTERN_OF_COMMANDS = r"python -m (?:v1keras|tools\.studies)\.\w+ [^`\n>#&|]*"


def name_of(value):
    return str(value.relative_to(ROOT)) if isinstance(value, pathlib.Path) else None


def blocks():
    for page in PAGES:
        texts = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
        marks = pytest.mark.slow if page.stem in SLOW else ()
        for i, block in enumerate(texts):
            yield pytest.param(block, id=f"{page.stem}-{i}", marks=marks)


def commands():
    """Yield every command with its flags, in blocks and between backticks."""
    for page in [ROOT / "README.md", *PAGES]:
        for line in re.findall(PATTERN_OF_COMMANDS, page.read_text()):
            yield pytest.param(line, id=f"{page.stem}: {line}")


@pytest.fixture(scope="module")
def help_of(python):
    @functools.cache
    def run(module):
        return python("-m", module, "--help", cwd=ROOT).stdout

    return run


@functools.cache
def anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if re.match("https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page}: {link}"
        assert not anchor or anchor in anchors(target), f"{page}: {link}"


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_the_files_named_exist(page):
    text = page.read_text()
    for path in re.findall(r"`((?:tools|tests|configs|v1keras)/[\w/]+\.?\w*)", text):
        assert (ROOT / path).exists(), f"{page}: {path}"
    for path in re.findall(r"\.venv/bin/python (tools/\w+)", text):
        assert (ROOT / path).exists(), f"{page}: {path}"
    for module in re.findall(r"tools\.studies\.(\w+)", text):
        assert (ROOT / "tools" / "studies" / f"{module}.py").exists(), module


@pytest.mark.slow
def test_the_notebook_runs_and_holds_what_it_shows():
    stored = json.loads(notebook.NOTEBOOK.read_text())
    executed = notebook.execute(stored)
    kinds = kinds_of_outputs(stored)
    assert kinds == kinds_of_outputs(executed)
    assert sum(map(len, kinds)) >= 6
    # The first cell describes the simulation, which is the same everywhere.
    assert printed(stored)[0] == printed(executed)[0]
    assert notebook.NOTEBOOK.stat().st_size < 500_000


def kinds_of_outputs(made):
    outputs = [cell.get("outputs", []) for cell in made["cells"]]
    return [[output["output_type"] for output in cell] for cell in outputs]


def printed(made):
    outputs = [output for cell in made["cells"] for output in cell.get("outputs", [])]
    return ["".join(output["text"]) for output in outputs if "text" in output]


def test_every_page_is_in_the_navigation_once():
    navigation = (ROOT / "mkdocs.yml").read_text()
    listed = re.findall(r"^ +- .+: (\S+\.md)$", navigation, re.MULTILINE)
    made = ["notebook.md", "results.md"]  # by tools/pages.py
    pages = [str(page.relative_to(DOCS)) for page in PAGES]
    assert sorted(listed) == sorted(pages + made)


@pytest.mark.parametrize("block", blocks())
def test_python_blocks_run(python, block, tmp_path):
    if "KERAS_BACKEND" in block:  # read when Keras is imported, which `python` has done
        line = [sys.executable, "-c", block]
        done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path)
    else:
        done = python("-c", block, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ProfileReadout" not in block or 0.5 < float(done.stdout) < 0.65  # 0.57


@pytest.mark.parametrize("line", commands())
def test_commands_name_flags_and_files_that_exist(help_of, line):
    _, _, module, *arguments = line.split()
    for argument in arguments:
        flag, _, value = argument.partition("=")
        if flag.startswith("--config."):
            assert flag.removeprefix("--config.") in configuration_keys(), argument
        elif flag == "--config":
            assert config.find(value).exists(), argument
        elif flag.startswith("--") and flag != "--help":
            assert re.search(rf"--(\[no\])?{flag[2:]}:", help_of(module)), argument


@functools.cache
def configuration_keys():
    keys = set()
    for name, value in config.default().to_dict().items():
        keys.add(name)
        if isinstance(value, dict):
            keys |= {f"{name}.{key}" for key in value}
    return keys


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=name_of)
def test_configuration_keys_exist(page):
    pattern = r"--config\.(\w+(?:\.\w+)?)(?:=(\w+))?"
    for key, value in re.findall(pattern, page.read_text()):
        assert key in configuration_keys(), key
        assert key != "training.likelihood" or value in LIKELIHOODS


def test_the_error_messages_explained_are_those_of_the_code():
    strings = messages()
    page = (DOCS / "troubleshooting.md").read_text()
    rows = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    assert len(rows) >= 20
    for row in rows:
        parts = [part.strip() for part in row.split("...")]
        parts = [part for part in parts if part]
        assert any(all(part in string for part in parts) for string in strings), (
            f"{row}: no such message"
        )


@functools.cache
def messages():
    """Return every string of the package; what is formatted into it is left out."""
    strings = []
    for path in (ROOT / "v1keras").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                constants = [
                    part.value for part in node.values if isinstance(part, ast.Constant)
                ]
                strings.append("\0".join(constants))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings.append(node.value)
    return strings


def test_the_table_of_models_is_what_was_measured():
    measured = results("grouped")
    rows = re.findall(
        r"^\| ([^|]+) \| (0\.\d{3}) \| (0\.\d{3}) \|$",
        (DOCS / "models.md").read_text(),
        re.MULTILINE,
    )
    assert {name for name, *_ in rows} == set(measured)
    for name, *values in rows:
        group = measured[name]["reported"]
        means = [group[metric]["mean"] for metric in ("correlation", "cc_norm")]
        assert values == [f"{mean:.3f}" for mean in means], name


def test_the_table_of_the_reproduction_is_what_was_measured():
    measured = results("paper")
    rows = re.findall(
        r"^\| ([^|]+) \| (0\.\d{3}) \| (0\.\d{3}) \| (\d+) % \|$",
        (DOCS / "reproducing.md").read_text(),
        re.MULTILINE,
    )
    assert len(rows) == 5
    for name, *values in rows:
        reported, strong = measured[name]["reported"], measured[name]["above 5 Hz"]
        assert values == [
            f"{reported['cc_norm']['mean']:.3f}",
            f"{strong['cc_norm']['mean']:.3f}",
            f"{100 * reported['fraction_near_limit']:.0f}",
        ], name


def results(protocol):
    return json.loads((DOCS / "results.json").read_text())[protocol]["models"]


def test_the_pages_build(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
