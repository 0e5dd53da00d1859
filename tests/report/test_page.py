"""What stands in the text of a page."""

from v1keras import report
from v1keras.report import elements, figures

MARKUP = '<script>"&"</script>'
ESCAPED = "&lt;script&gt;&quot;&amp;&quot;&lt;/script&gt;"


def test_text_never_becomes_markup(tmp_path):
    """A recording's name comes from a file: it is text, whatever is in it."""
    named = [f"{place} {MARKUP}" for place in ("value", "label", "note")]
    page = report.Page(
        f"title {MARKUP}",
        f"lead {MARKUP}",
        [report.Tile(*named)],
        [report.Check(False, f"finding {MARKUP}", f"advice {MARKUP}")],
    )
    page.add(f"heading {MARKUP}", f"reason {MARKUP}", f"text {MARKUP}")
    page.add("A table", "", elements.table([f"column {MARKUP}"], [[f"cell {MARKUP}"]]))
    page.add("Facts", "", elements.facts({f"term {MARKUP}": f"meaning {MARKUP}"}))
    drawn = figures.prediction([1.0, 2.0], [1.0, 2.0], f"drawn {MARKUP}")
    page.add_plots("A plot", f"caption {MARKUP}", {"one": drawn})
    assert page.save(tmp_path / "page.html") == ["page.html"]
    text = (tmp_path / "page.html").read_text()
    assert "<script" not in text
    places = ["lead", "heading", "reason", "text", "value", "label", "note", "finding"]
    places += ["advice", "column", "cell", "term", "meaning", "caption"]
    for place in places:
        assert text.count(f">{place} {ESCAPED}</") == 1 or place == "finding", place
    assert text.count(f">title {ESCAPED}</") == 2 and f">finding {ESCAPED}<" in text
    assert f'aria-label="caption {ESCAPED}"' in text
    assert "drawn &lt;script&gt;" in text


def test_a_page_follows_dark_mode_plots_too(tmp_path):
    page = report.Page("Colors")
    page.add_plots("A plot", "why", {"one": figures.prediction([1.0, 2.0], [1.0, 2.0])})
    page.save(tmp_path / "page.html")
    drawing = (tmp_path / "page.html").read_text().split("<svg")[1].split("</svg>")[0]
    assert "var(--ink)" in drawing and "var(--c0)" in drawing
    assert "#222222" not in drawing and "#0072b2" not in drawing
    assert "fill: #ffffff" not in drawing  # no sheet of white behind it
