"""The page of inverted cells in a browser, where there is one: its table sorts and
filters.
"""

import re
import shutil
import subprocess

import pytest

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
def test_the_table_sorts_and_filters(cell_page, tmp_path, done, shown):
    copy = tmp_path / "page.html"
    text = (cell_page / "report.html").read_text()
    copy.write_text(text.replace("</body>", CLICKS % done + "</body>"))
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
