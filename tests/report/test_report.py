import html.parser
import io

import numpy as np
from matplotlib import pyplot

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
    figure = pyplot.figure()
    report.write_page(
        tmp_path / "report.html",
        "A <title>",
        [("Table & co", "why", "a < b"), ("Picture", 'a "dot" is a neuron', figure)],
    )
    text = (tmp_path / "report.html").read_text()
    # As it stands in the file: a browser shows much that is not escaped, too.
    assert text.count("A &lt;title&gt;") == 2 and "A <title>" not in text
    assert "<h2>Table &amp; co</h2>\n<p>why</p>\n<pre>a &lt; b</pre>" in text
    page = Page(text)
    assert (
        "A <title>" in page.text and "a < b" in page.text and "Table & co" in page.text
    )
    sources = [attrs["src"] for _, attrs in page.tags if "src" in attrs]
    assert len(sources) == 1 and sources[0].startswith("data:image/png;base64,iVBOR")
    assert [attrs["alt"] for tag, attrs in page.tags if tag == "img"] == [
        'a "dot" is a neuron'
    ]
    assert not [
        attrs
        for tag, attrs in page.tags
        if tag in ("script", "link") or "http" in str(attrs.get("href", ""))
    ]


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
    pyplot.close(figure)


def test_cells_are_readable_without_scripts_and_sortable_with_them(cell_page):
    text = (cell_page / "report.html").read_text()
    page = Page(text)
    assert (
        "of <a model>" in page.text
        and "gabor: 2" in page.text
        and "texture: 1" in page.text
    )
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 3 * 4 and all(
        i["src"].startswith("data:image/png;base64,iVBOR") and i["alt"] for i in images
    )
    rows = [attrs for tag, attrs in page.tags if tag == "tr" and "id" in attrs]
    assert [(row["id"], row["data-class"]) for row in rows] == [
        ("cell-7", "gabor"),
        ("cell-30", "texture"),
        ("cell-5", "gabor"),
    ]
    assert {attrs["href"] for tag, attrs in page.tags if tag == "a"} == {
        f"#{row['id']}" for row in rows
    }
    assert [
        attrs.get("class")
        for tag, attrs in page.tags
        if tag == "td" and attrs.get("data-value") in ("20", "1", "3")
    ].count("low") == 1
    assert not [
        attrs
        for tag, attrs in page.tags
        if tag == "link" or str(attrs.get("src", "data:")).startswith("http")
    ]
    assert {path.name for path in cell_page.iterdir()} == {
        "report.html",
        "gallery.png",
        "tuning.png",
        "tensorboard",
    }
