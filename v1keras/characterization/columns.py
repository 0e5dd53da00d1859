"""The columns of the cells' table: names, units and meanings.

`cells.csv`, the page of an inversion and docs/inversion.md all use them.
"""

from typing import NamedTuple

_RATE = "spikes"  # expected spikes per presentation, as the model predicts rates
_PER_PIXEL, _PER_DEGREE = "cycles/pixel", "cycles/degree"


class Column(NamedTuple):
    """A column of the cells' table.

    Attributes:
        name: String, as in `cells.csv`.
        unit: String; empty for numbers without a unit and for text.
        meaning: String, one phrase.
    """

    name: str
    unit: str
    meaning: str


COLUMNS = (
    Column("neuron", "", "index of the neuron"),
    Column("session", "", "recording session of the neuron"),
    Column("kind", "", "true kind of a simulated neuron"),
    Column("true_row", "pixels", "true receptive field's row (simulated neurons)"),
    Column("true_column", "pixels", "true receptive field's column"),
    Column("true_orientation_deg", "degrees", "true orientation of the stripes"),
    Column("true_frequency", _PER_PIXEL, "true spatial frequency"),
    Column("mean_hz", "Hz", "mean rate in the recording"),
    Column("correlation", "", "correlation of predicted and measured responses"),
    Column("cc_max", "", "highest correlation that the neuron's noise allows"),
    Column("cc_norm", "", "correlation / cc_max; 1 is the limit"),
    Column("feve", "", "fraction of the explainable variance that is explained"),
    Column(
        "single_trial_correlation",
        "",
        "correlation with the responses to single presentations",
    ),
    Column(
        "oracle", "", "correlation of single presentations with the mean of the others"
    ),
    Column(
        "deviance_explained", "", "fraction of the Poisson deviance that is explained"
    ),
    Column(
        "bits_per_spike", "bits", "information about the spikes beyond the mean rate"
    ),
    Column(
        "selectivity", "", "image selectivity of the responses: 0 for all images alike"
    ),
    Column("cc_norm_error", "", "standard error of cc_norm"),
    Column("near_limit", "", "probability that the true cc_norm is 0.9 or more"),
    Column("predicted", "", "true if the correlation is above chance (p < 0.05)"),
    Column("rate", _RATE, "rate to the stimulus"),
    Column(
        "zero_rate",
        _RATE,
        "rate that stands for silence, where responses are no counts: the lowest one",
    ),
    Column("start_rate", _RATE, "rate to the noise that the ascent started from"),
    Column("best_image", "", "index of the recording's best image, as it was shown"),
    Column("best_image_rate", _RATE, "rate to the best image, as it was shown"),
    Column(
        "best_image_rate_at_norm",
        _RATE,
        "rate to the recording's best image at the stimulus's contrast",
    ),
    Column("second_rate", _RATE, "rate to a second stimulus, found from other noise"),
    Column("second_cosine", "", "cosine of the second stimulus with the first"),
    Column("beats_best_image", "", "true if `rate` is above `best_image_rate_at_norm`"),
    Column("judged_rate", _RATE, "rate of other models to the stimulus (`--judges`)"),
    Column(
        "judged_best_image_rate",
        _RATE,
        "rate of other models to their best image at the stimulus's contrast",
    ),
    Column(
        "half_rate",
        _RATE,
        "rate of one half of an ensemble's networks to a stimulus made in the other",
    ),
    Column(
        "half_best_image_rate",
        _RATE,
        "rate of that half to its best image at the stimulus's contrast",
    ),
    Column("converged", "", "true if a longer ascent would gain next to nothing"),
    Column(
        "no_initial_gradient",
        "",
        "true if the rate had no gradient where the ascent started",
    ),
    Column(
        "filter_cosine",
        "",
        "absolute cosine of the stimulus with the true filter (simulated neurons)",
    ),
    Column(
        "class_norm",
        "pixel units",
        "norm of the stimulus that is classed: less where the pixel range clips it",
    ),
    Column("class", "", "class of the cell, by the rule of `classify`"),
    Column(
        "class_margin",
        "",
        "relative change of one threshold of the rule that changes the class",
    ),
    Column(
        "class_at_half_norm", "", "class by the shape of a stimulus of half the norm"
    ),
    Column("half_class", "", "class by the shape of the stimulus made in one half"),
    Column(
        "spatial_extent", "", "extent of the stimulus: 0 for a point, 1 for all pixels"
    ),
    Column("luminance", "", "squared mean of the stimulus over its mean square"),
    Column("gabor_row", "pixels", "row of the fitted Gabor's center"),
    Column("gabor_column", "pixels", "column of the fitted Gabor's center"),
    Column(
        "gabor_orientation_deg",
        "degrees",
        "orientation of its stripes, counterclockwise from horizontal",
    ),
    Column("gabor_frequency", _PER_PIXEL, "its spatial frequency"),
    Column("gabor_phase_deg", "degrees", "its phase; 0: a bright stripe at the center"),
    Column("gabor_width_along", "pixels", "standard deviation along its stripes"),
    Column("gabor_width_across", "pixels", "standard deviation across its stripes"),
    Column("gabor_amplitude", "pixel units", "its amplitude"),
    Column("gabor_r2", "", "variance of the stimulus that it explains"),
    Column(
        "center_surround_row", "pixels", "row of the fitted difference of Gaussians"
    ),
    Column("center_surround_column", "pixels", "column of its center"),
    Column(
        "center_surround_width_center", "pixels", "standard deviation of its center"
    ),
    Column(
        "center_surround_width_surround", "pixels", "standard deviation of its surround"
    ),
    Column("center_surround_amplitude_center", "pixel units", "its center's amplitude"),
    Column(
        "center_surround_amplitude_surround", "pixel units", "its surround's amplitude"
    ),
    Column("center_surround_r2", "", "variance of the stimulus that it explains"),
    Column(
        "best_gabor_rate", _RATE, "rate to the best Gabor at the stimulus's contrast"
    ),
    Column(
        "best_center_surround_rate",
        _RATE,
        "rate to the best difference of Gaussians at the stimulus's contrast",
    ),
    Column("gabor_frequency_cpd", _PER_DEGREE, "`gabor_frequency` in degrees"),
    Column("gabor_row_deg", "degrees", "`gabor_row` in degrees of visual angle"),
    Column("gabor_column_deg", "degrees", "`gabor_column` in degrees"),
    Column("gabor_width_along_deg", "degrees", "`gabor_width_along` in degrees"),
    Column("gabor_width_across_deg", "degrees", "`gabor_width_across` in degrees"),
    Column("center_surround_row_deg", "degrees", "`center_surround_row` in degrees"),
    Column(
        "center_surround_column_deg", "degrees", "`center_surround_column` in degrees"
    ),
    Column(
        "center_surround_width_center_deg",
        "degrees",
        "`center_surround_width_center` in degrees",
    ),
    Column(
        "center_surround_width_surround_deg",
        "degrees",
        "`center_surround_width_surround` in degrees",
    ),
    Column("grating_orientation_deg", "degrees", "orientation of the best grating"),
    Column("grating_frequency", _PER_PIXEL, "spatial frequency of the best grating"),
    Column("grating_radius", "pixels", "radius of the best grating's aperture"),
    Column(
        "orientation_selectivity", "", "1 - circular variance over oriented gratings"
    ),
    Column("f1_f0", "", "modulation by a drifting grating; above 1: simple cell"),
    Column(
        "surround_suppression",
        "",
        "fraction of the model's best rate above grey that the largest grating loses",
    ),
    Column(
        "length_suppression",
        "",
        "the same of the longest grating, no wider than the best",
    ),
    Column("grating_rate", _RATE, "rate to the best grating, mean over phases"),
    Column("grey_rate", _RATE, "rate to a grey image"),
    Column(
        "patch_extent",
        "",
        "fraction of the image from which small patches of grating drive the cell",
    ),
    Column(
        "flank_suppression",
        "",
        "largest fraction of that rate that a second grating beside the best one takes",
    ),
    Column(
        "flank_asymmetry",
        "",
        "0 if opposite sides suppress alike, 1 if one side does",
    ),
)
# Columns that the page of an inversion shows, as far as they exist, and their headings.
_ON_PAGE = {
    "class": "class",
    "class_margin": "margin of the class",
    "rate": "rate to the stimulus",
    "best_image_rate_at_norm": "to the best image at its contrast",
    "best_image_rate": "to the best image as shown",
    "best_gabor_rate": "to the best Gabor",
    "best_center_surround_rate": "to the best center-surround",
    "start_rate": "to the noise it started from",
    "second_cosine": "cosine with a second stimulus",
    "judged_rate": "other models' rate",
    "judged_best_image_rate": "other models' to the best image",
    "half_rate": "other half's rate",
    "half_best_image_rate": "other half's to the best image",
    "cc_norm": "CC_norm",
    "orientation_selectivity": "orientation selectivity",
    "f1_f0": "F1/F0",
    "surround_suppression": "surround suppression",
    "length_suppression": "length suppression",
}
# Labels of the axes of tuning curves.
CURVE_LABELS = {
    "orientation_deg": "orientation (degrees)",
    "frequency": "frequency (cycles/pixel)",
    "radius": "radius (pixels)",
    "phase_deg": "phase (degrees)",
    "contrast": "contrast",
    "length": "length (pixels)",
}


def page_columns() -> dict[str, tuple[str, str]]:
    """Return the headings, with units, and meanings of the columns of a page.

    Example:

    >>> page_columns()["rate"]
    ('rate to the stimulus (spikes)', 'rate to the stimulus')
    """
    columns = {column.name: column for column in COLUMNS}
    texts = {}
    for name, heading in _ON_PAGE.items():
        unit = columns[name].unit
        texts[name] = (heading + (f" ({unit})" if unit else ""), columns[name].meaning)
    return texts
