"""The page of inverted cells in a browser, where there is one: its table sorts and
filters.
"""

import re
import shutil
import subprocess

import numpy as np
import pytest

from v1keras import report

BROWSER = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
# What a reader does; the page as it is afterwards is what is looked at.
CLICKS = """<script>
const buttons = [...document.querySelectorAll('th button')];
const heading = name => buttons.find(button => button.textContent === name);
const chosen = document.querySelector('select');
%s
</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("page")
    columns = {
        "neuron": np.array([7, 30, 5]),
        "class": np.array(["gabor", "texture", "gabor"]),
        "rate": np.array([20.0, 1.0, 3.0]),
    }
    columns |= {
        "best_image_rate_at_norm": np.array([1.0, 2.0, 1.0]),
        "beats_best_image": np.array([True, False, True]),
    }
    names = ("orientation_deg", "frequency", "radius", "phase_deg", "contrast")
    curves = {
        name: (np.tile(np.arange(4.0), (3, 1)), rng.uniform(size=(3, 4)))
        for name in names
    }
    report.write_cells(
        folder,
        "a model",
        "all well",
        rng.normal(size=(3, 8, 8)),
        rng.uniform(size=(3, 8, 8)),
        curves,
        columns,
        {"class": "of the stimulus", "rate": "to the stimulus"},
    )
    return folder / "report.html"


@pytest.mark.skipif(BROWSER is None, reason="no browser here: apt-get install chromium")
@pytest.mark.parametrize(
    "done, shown",
    [
        ("", [7, 30, 5]),
        ("heading('rate').click();", [30, 5, 7]),
        ("heading('rate').click(); heading('rate').click();", [7, 5, 30]),
        ("heading('neuron').click();", [5, 7, 30]),
        ("chosen.value = 'gabor'; chosen.dispatchEvent(new Event('change'));", [7, 5]),
    ],
    ids=["as written", "up", "down", "by number", "one class"],
)
def test_the_table_sorts_and_filters(page, tmp_path, done, shown):
    copy = tmp_path / "page.html"
    copy.write_text(page.read_text().replace("</body>", CLICKS % done + "</body>"))
    line = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
        copy.as_uri(),
    ]
    text = subprocess.run(
        line, capture_output=True, text=True, timeout=600, check=True
    ).stdout
    rows = re.findall(r'<tr id="cell-(\d+)" data-class="\w+"( hidden="")?>', text)
    assert [int(number) for number, hidden in rows if not hidden] == shown
    assert re.search(r"<p><label>Class <select>", text), (
        "the choice of a class is hidden"
    )
