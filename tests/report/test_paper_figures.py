"""Figures as a journal takes them: vectors, text that stays text, sizes, colors."""

import re
import zlib

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from v1keras.report import figures
from v1keras.report.figures.style import COLORS

RNG = np.random.default_rng(0)
SCORES = {
    "neuron": np.arange(40),
    "correlation": RNG.uniform(0, 0.8, 40),
    "cc_max": RNG.uniform(0.5, 1, 40),
    "cc_norm": np.append(RNG.uniform(0, 1, 39), np.nan),
}
HISTORY = [{"loss": 3.0 - i, "validation_score": 0.1 * i} for i in range(3)]
PATTERNS = RNG.normal(size=(5, 6, 6))
CELLS = {
    "class": np.array(["gabor", "texture", "gabor", "odd $x$", "gabor"]),
    "rate": RNG.uniform(1, 4, 5),
    "best_image_rate_at_norm": RNG.uniform(1, 4, 5),
}
CURVE = {"radius (pixels)": (np.arange(4.0), np.arange(4.0))}
DIFFERENCES = {
    "first": SCORES["correlation"],
    "second": SCORES["cc_max"],
    "difference": SCORES["correlation"] - SCORES["cc_max"],
}
DRAWN = {
    "paired_differences": (
        figures.paired_differences,
        DIFFERENCES,
        ("model A", "model B"),
        "correlation",
        -0.3,
        (-0.4, -0.2),
    ),
    "ceilings_reached": (figures.ceilings_reached, SCORES),
    "cc_norm_histogram": (figures.cc_norm_histogram, SCORES),
    "loss_curve": (figures.loss_curve, HISTORY),
    "validation_curve": (figures.validation_curve, HISTORY),
    "prediction": (figures.prediction, np.arange(9.0), np.arange(9.0), "neuron 3"),
    "readout_centers": (figures.readout_centers, RNG.uniform(-1, 1, (7, 2))),
    "response_histogram": (figures.response_histogram, np.arange(9.0), "Hz"),
    "ceiling_histogram": (figures.ceiling_histogram, SCORES["cc_max"]),
    "gallery": (figures.gallery, PATTERNS, list("abcde")),
    "sample_images": (figures.sample_images, PATTERNS, range(5)),
    "filters": (figures.filters, PATTERNS),
    "stimulus_against_best_image": (figures.stimulus_against_best_image, CELLS),
    "tuning_curves": (
        figures.tuning_curves,
        [("cell 3", {"stimulus": PATTERNS[0]}, CURVE)] * 2,
    ),
}


def test_every_figure_function_is_tried():
    helpers = {"example_neurons", "figure_style", "save_figure", "tile"}
    assert set(DRAWN) == set(figures.__all__) - helpers


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_a_column_or_two_wide_and_an_editable_svg(name, tmp_path):
    before = dict(matplotlib.rcParams)
    draw, *arguments = DRAWN[name]
    figure = draw(*arguments)
    assert isinstance(figure, Figure)
    millimeters = 25.4 * figure.get_size_inches()
    assert round(millimeters[0]) in (89, 183) and millimeters[1] < 247
    path = tmp_path / "figure.svg"
    figures.save_figure(figure, path)
    text = path.read_text()
    labels = [text for axis in figure.axes for text in (axis.get_xlabel(),) if text]
    for label in "\n".join(labels).split("\n"):
        assert label in text  # letters, not outlines
    assert "DejaVuSans-" not in text  # glyphs as paths would be named so
    figures.save_figure(draw(*arguments), tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == path.read_bytes()
    assert dict(matplotlib.rcParams) == before


def test_a_pdf_holds_its_fonts_as_fonts(tmp_path):
    path = tmp_path / "figure.pdf"
    figures.save_figure(figures.ceilings_reached(SCORES), path)
    data = path.read_bytes()
    assert b"/Type0" in data and b"/FontFile2" in data and b"/Type3" not in data
    streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
    assert any(b" re" in zlib.decompress(stream) for stream in streams[:1])
    assert b"/Subtype /Image" not in data  # vectors alone


def test_colors_differ_in_grey_print():
    """Classes differ by their markers, too: six greys would not stay apart."""
    grey = [np.dot(to_rgb(color), (0.299, 0.587, 0.114)) for color in COLORS]
    assert np.ptp(grey) > 0.25
    figure = figures.stimulus_against_best_image(CELLS)
    markers = [line.get_marker() for line in figure.axes[0].lines[1:]]
    assert len(set(markers)) == 3


def test_text_of_others_is_no_formula(tmp_path):
    path = tmp_path / "figure.svg"
    figures.save_figure(figures.stimulus_against_best_image(CELLS), path)
    assert "odd $x$ (1)" in path.read_text()


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected .pdf, .svg or .png"):
        figures.save_figure(figures.ceiling_histogram(SCORES["cc_max"]), tmp_path / "a")
