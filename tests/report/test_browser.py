"""The page of inverted cells in a browser, where there is one: its table sorts and
filters.
"""

import html
import json
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
    text = dom_of(copy, tmp_path)
    rows = re.findall(r'<tr id="row-(\d+)" data-class="\w+"( hidden="")?>', text)
    assert [int(number) for number, hidden in rows if not hidden] == shown
    assert re.search(r"<p><label>Class <select>", text), (
        "the choice of a class is hidden"
    )


# What a page asks for and complains of, and how far it is wider than the screen.
WATCHED = """<script>
const complaints = [];
addEventListener('error', event => complaints.push(event.message));
</script>"""
LOOKS = """<script>
location.hash = '#cell-30';
addEventListener('hashchange', () => {
  const root = document.documentElement;
  const asked = performance.getEntriesByType('resource');
  document.title = JSON.stringify({
    complaints,
    asked: asked.map(entry => entry.name).filter(name => !name.startsWith('data:')),
    wider: root.scrollWidth - root.clientWidth,
    open: document.querySelectorAll('details[open][id]').length,
    ink: getComputedStyle(document.body).color,
  });
});
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="no browser here: apt-get install chromium")
@pytest.mark.parametrize("width", [1200, 500])  # the narrowest window it opens
@pytest.mark.parametrize("scheme, ink", [(1, 29), (0, 231)], ids=["light", "dark"])
def test_a_page_is_quiet_and_as_wide_as_the_screen(
    cell_page, tmp_path, width, scheme, ink
):
    text = (cell_page / "report.html").read_text()
    text = text.replace("<head>", "<head>" + WATCHED).replace(
        "</body>", LOOKS + "</body>"
    )
    (tmp_path / "page.html").write_text(text)
    looks = [
        f"--window-size={width},900",
        f"--blink-settings=preferredColorScheme={scheme}",
    ]
    text = dom_of(tmp_path / "page.html", tmp_path, *looks)
    title = html.unescape(re.search(r"<title>(.*?)</title>", text)[1])
    seen = json.loads(title)
    assert seen.pop("ink").startswith(f"rgb({ink}, ")
    assert seen == {"complaints": [], "asked": [], "wider": 0, "open": 1}


def dom_of(path, folder, *more):
    """Return the page as it stands when its scripts have run."""
    line = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
        *more,
        "--virtual-time-budget=2000",
        "--dump-dom",
        path.as_uri(),
    ]
    return subprocess.run(
        line, capture_output=True, text=True, timeout=600, check=True
    ).stdout
