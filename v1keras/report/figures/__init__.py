"""Figures of results: each function returns a Matplotlib figure.

They are as wide as a column of a journal (89 mm) or as two (183 mm), in colors that
survive grey print and color blindness. `save_figure` writes one as a vector figure
whose text stays text; `evaluate`, `invert` and `data plot` write all of theirs with
`--figures=pdf`, `svg` or `png`.
"""

from v1keras.report.figures.cells import stimulus_against_best_image, tuning_curves
from v1keras.report.figures.differences import paired_differences
from v1keras.report.figures.pictures import filters, gallery, sample_images, tile
from v1keras.report.figures.recordings import ceiling_histogram, response_histogram
from v1keras.report.figures.scores import (
    cc_norm_histogram,
    ceilings_reached,
    example_neurons,
    loss_curve,
    prediction,
    readout_centers,
    validation_curve,
)
from v1keras.report.figures.style import figure_style, save_figure

__all__ = [
    "cc_norm_histogram",
    "ceiling_histogram",
    "ceilings_reached",
    "example_neurons",
    "figure_style",
    "filters",
    "gallery",
    "loss_curve",
    "paired_differences",
    "prediction",
    "readout_centers",
    "response_histogram",
    "sample_images",
    "save_figure",
    "stimulus_against_best_image",
    "tile",
    "tuning_curves",
    "validation_curve",
]
