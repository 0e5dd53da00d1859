"""What the documents show runs, and their links lead somewhere."""

import functools
import json
import pathlib
import re
import subprocess
import sys

import pytest

from tools import notebook
from v1keras.config import default
from v1keras.training import LIKELIHOODS

ROOT = pathlib.Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
LINKED = [
    ROOT / "README.md",
    ROOT / "RESULTS.md",
    ROOT / "CONTRIBUTING.md",
    *PAGES,
    *sorted((ROOT / "zoo").rglob("README.md")),
]
SLOW = {"extending", "inversion", "tutorial"}  # those that train or synthesize


def name_of(value):
    return str(value.relative_to(ROOT)) if isinstance(value, pathlib.Path) else None


def blocks():
    for page in PAGES:
        for i, block in enumerate(
            re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
        ):
            yield pytest.param(
                block,
                id=f"{page.stem}-{i}",
                marks=pytest.mark.slow if page.stem in SLOW else (),
            )


def commands():
    """Every command of the package: in blocks, and between backticks; with its flags,
    wherever it breaks off into comments or shell.
    """
    for page in [ROOT / "README.md", *PAGES]:
        for line in re.findall(r"python -m v1keras\.\w+ [^`\n>#&]*", page.read_text()):
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


@pytest.mark.slow
def test_the_notebook_runs_and_holds_what_it_shows():
    stored = json.loads(notebook.NOTEBOOK.read_text())
    executed = notebook.execute(stored)
    kinds = lambda cells: [
        [output["output_type"] for output in cell.get("outputs", [])] for cell in cells
    ]
    assert (
        kinds(stored["cells"]) == kinds(executed["cells"])
        and sum(map(len, kinds(stored["cells"]))) >= 6
    )
    told = lambda cells: [
        "".join(o["text"])
        for cell in cells
        for o in cell.get("outputs", [])
        if "text" in o
    ]
    assert (
        told(stored["cells"])[0] == told(executed["cells"])[0]
    )  # of the simulation: the same everywhere
    assert notebook.NOTEBOOK.stat().st_size < 500_000


def test_every_page_is_in_the_navigation_once():
    listed = re.findall(
        r"^ +- .+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE
    )
    assert sorted(listed) == [page.name for page in PAGES]


@pytest.mark.parametrize("block", blocks())
def test_python_blocks_run(python, block, tmp_path):
    done = python("-c", block, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ProfileReadout" not in block or 0.5 < float(done.stdout) < 0.65  # 0.57


@pytest.mark.parametrize("line", commands())
def test_commands_name_flags_and_files_that_exist(help_of, line):
    known_keys = default().to_dict()
    keys = {
        *known_keys,
        *(
            f"{group}.{key}"
            for group, entries in known_keys.items()
            if isinstance(entries, dict)
            for key in entries
        ),
    }
    _, _, module, *arguments = line.split()
    for argument in arguments:
        if argument.startswith("--config."):
            assert argument.split("=")[0].removeprefix("--config.") in keys, argument
            continue
        if argument.startswith("--") and argument != "--help":
            assert re.search(
                rf"--(\[no\])?{argument[2:].split('=')[0]}:", help_of(module)
            ), argument
        if argument.startswith("--config="):
            assert (ROOT / argument.split("=")[1]).exists(), argument


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_configuration_keys_exist(page):
    known = default()
    for group, key, value in re.findall(
        r"--config\.(\w+)(?:\.(\w+))?(?:=(\w+))?", page.read_text()
    ):
        assert group in known and (not key or key in known[group]), f"{group}.{key}"
        assert key != "likelihood" or value in LIKELIHOODS


def test_the_table_of_models_is_what_was_measured():
    measured = json.loads((ROOT / "docs" / "results.json").read_text())["grouped"][
        "models"
    ]
    rows = re.findall(
        r"^\| ([^|]+) \| (0\.\d{3}) \| (0\.\d{3}) \|$",
        (ROOT / "docs" / "models.md").read_text(),
        re.MULTILINE,
    )
    assert {name for name, *_ in rows} == set(measured)
    for name, correlation, cc_norm in rows:
        found = measured[name]["reported"]
        assert (correlation, cc_norm) == (
            f"{found['correlation']['mean']:.3f}",
            f"{found['cc_norm']['mean']:.3f}",
        ), name


def test_the_table_of_the_reproduction_is_what_was_measured():
    measured = json.loads((ROOT / "docs" / "results.json").read_text())["paper"][
        "models"
    ]
    rows = re.findall(
        r"^\| ([^|]+) \| (0\.\d{3}) \| (0\.\d{3}) \| (\d+) % \|$",
        (ROOT / "docs" / "reproducing.md").read_text(),
        re.MULTILINE,
    )
    assert len(rows) == 5
    for name, *told in rows:
        reported, strong = measured[name]["reported"], measured[name]["above 5 Hz"]
        found = (
            f"{reported['cc_norm']['mean']:.3f}",
            f"{strong['cc_norm']['mean']:.3f}",
            f"{100 * reported['fraction_near_limit']:.0f}",
        )
        assert tuple(told) == found, name


def test_the_pages_build(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
