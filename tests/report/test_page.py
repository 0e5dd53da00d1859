"""What stands in the text of a page."""

from matplotlib import pyplot

from v1keras import report

MARKUP = '<script>"&"</script>'
ESCAPED = "&lt;script&gt;&quot;&amp;&quot;&lt;/script&gt;"


def test_text_never_becomes_markup(tmp_path):
    """A recording's name comes from a file: it is text, whatever is in it."""
    sections = [
        (f"heading {MARKUP}", f"reason {MARKUP}", f"text {MARKUP}"),
        ("A figure", f"caption {MARKUP}", pyplot.figure()),
    ]
    report.write_page(tmp_path / "page.html", f"title {MARKUP}", sections)
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    for place, times in {"title": 2, "heading": 1, "reason": 1, "text": 1}.items():
        assert page.count(f">{place} {ESCAPED}</") == times, place
    assert f">caption {ESCAPED}</" in page and f'alt="caption {ESCAPED}"' in page
