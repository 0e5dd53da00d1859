import html.parser
import io

import numpy as np

from v1keras import report
from v1keras.report import figures


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_page_holds_all_it_shows_and_asks_for_nothing_else(tmp_path):
    figure = figures.prediction([1.0, 2.0], [1.0, 2.0], "neuron 3")
    page = report.Page("A <title>", trust=[report.Check(True, "All is well.")])
    page.add("Table & co", "why", "a < b")
    page.add_plots("Picture", 'a "dot" is a neuron', {"one": figure})
    written = page.save(tmp_path / "report.html", "pdf")
    assert written == ["report.html", "report-one.pdf"]
    assert {path.name for path in tmp_path.iterdir()} == set(written)
    text = (tmp_path / "report.html").read_text()
    # As it stands in the file: a browser shows much that is not escaped, too.
    assert text.count("A &lt;title&gt;") == 2 and "A <title>" not in text
    assert "<h2>Table &amp; co</h2>\n<p>why</p>\n<pre>a &lt; b</pre>" in text
    shown = Page(text)
    for part in (
        "A <title>",
        "a < b",
        "Table & co",
        "All 1 checks passed.",
        "neuron 3",
    ):
        assert part in shown.text
    assert [attrs["aria-label"] for tag, attrs in shown.tags if tag == "svg"] == [
        'a "dot" is a neuron'
    ]
    assert not asks_for(shown)


def asks_for(page):
    """What a browser would fetch; a picture of the page's own is in it."""
    addresses = []
    for tag, attrs in page.tags:
        own = ("data:", "#")
        for name in ("src", "href", "xlink:href"):
            if name in attrs and not attrs[name].startswith(own):
                addresses.append((tag, attrs[name]))
    return addresses


def test_tiles_keep_every_picture_and_its_scale():
    pictures = np.stack([np.full((3, 2), value) for value in (-4.0, 0.0, 2.0)])
    sheet = figures.tile(pictures, gap=1)
    assert sheet.shape == (7, 5)
    assert (
        (sheet[:3, :2] == 0).all()
        and (sheet[:3, 3:] == 0.5).all()
        and (sheet[4:, :2] == 1).all()
    )


def test_progress_bar_writes_one_line_where_nobody_watches():
    stream = io.StringIO()
    bar = report.ProgressBar(stream)
    bar.set_params({"epochs": 4})
    bar.on_train_begin()
    for epoch, score in enumerate([0.1, 0.3, 0.2]):
        bar.on_epoch_begin(epoch)
        bar.on_epoch_end(epoch, {"validation_score": score})
    bar.on_train_end()
    assert stream.getvalue().count("\n") == 1
    assert "epoch 3/4 [======  ] validation 0.200 (best 0.300)" in stream.getvalue()


def test_progress_bar_says_how_long_at_most():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    bar = report.ProgressBar(stream)
    bar.set_params({"epochs": 10})
    bar.on_train_begin()
    bar.started -= 60  # a minute has passed
    bar.on_epoch_begin(4)  # a training taken up again after four epochs
    bar.on_epoch_end(4, {"validation_score": 0.1})
    assert (
        "epoch  5/10" in stream.getvalue() and "at most 5:00 left" in stream.getvalue()
    )
    bar.set_params({"epochs": 200})
    bar.started -= 3600
    bar.on_epoch_end(105, {"validation_score": -0.1})
    assert max(map(len, stream.getvalue().split("\r"))) <= 80


def test_tuning_curves_show_each_cell_in_a_row():
    values = np.array([0.0, 45.0, 90.0])
    cells = [
        (
            f"cell {i}",
            {"stimulus": np.full((3, 5), i), "field": np.ones((3, 5))},
            {"angle": (values, values * i)},
        )
        for i in (0, 2)
    ]
    figure = figures.tuning_curves(cells)
    assert len(figure.axes) == 6
    np.testing.assert_array_equal(
        figure.axes[5].lines[0].get_xydata(), np.stack([values, 2 * values], axis=1)
    )
    assert [axis.get_ylabel() for axis in figure.axes[::3]] == [
        "cell 0",
        "cell 2",
    ] and figure.axes[5].get_ylim()[1] > 180


def test_cells_are_readable_without_scripts_and_sortable_with_them(cell_page):
    text = (cell_page / "report.html").read_text()
    page = Page(text)
    for part in ("of <a model>", "gabor: 2", "texture: 1", "1 of 3 <fails>", "2 of 3"):
        assert part in page.text
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 3 * 2 and all(
        i["src"].startswith("data:image/png;base64,iVBOR") and i["alt"] for i in images
    )
    rows = [attrs for tag, attrs in page.tags if tag == "tr" and "id" in attrs]
    assert [(row["id"], row["data-class"]) for row in rows] == [
        ("row-7", "gabor"),
        ("row-30", "texture"),
        ("row-5", "gabor"),
    ]
    # A thumbnail opens without a script; the largest class comes first.
    cells = [attrs for tag, attrs in page.tags if tag == "details" and "id" in attrs]
    assert [cell["id"] for cell in cells] == ["cell-7", "cell-5", "cell-30"]
    assert [cell.get("class") for cell in cells] == [None, None, "low"]
    links = {attrs["href"] for tag, attrs in page.tags if tag == "a"}
    assert links == {f"#{cell['id']}" for cell in cells}
    marked = [attrs.get("class") for tag, attrs in page.tags if tag == "td"]
    assert marked.count("low value") == 1
    assert not asks_for(page)
    assert {path.name for path in cell_page.iterdir()} == {
        "report.html",
        "report-best_image.svg",
        "report-gallery.svg",
        "report-tuning.svg",
        "gallery.png",
        "tuning.png",
        "tensorboard",
    }
