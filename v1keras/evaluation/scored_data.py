"""What the scores of a model on a recording are computed from."""

import dataclasses
from typing import Any

import numpy as np

from v1keras.evaluation.metrics import image_selectivity
from v1keras.evaluation.single_trials import (
    oracle_correlation,
    single_trial_correlation,
)
from v1keras.evaluation.spike_counts import bits_per_spike, deviance_explained
from v1keras.evaluation.summary import SCORES


@dataclasses.dataclass
class ScoredData:
    """What scores are computed from.

    Args:
        images: `(m,)` indices of the images scored.
        responses: `(m, neurons)` mean responses to them, NaN = missing.
        rates: `(m, neurons)` predictions.
        ceiling_images: `(c,)` indices of the images of the ceiling.
        means: `(c, neurons)` mean responses to these, if the ceiling is from means.
        repeats: `(c, N, neurons)` single presentations of these, or None.
        presentations: Float, number of presentations behind each mean, or None.
        fano: Float, Fano factor of the ceiling from means.
        are_counts: Boolean, whether responses are spike counts.
    """

    images: np.ndarray
    responses: np.ndarray
    rates: np.ndarray
    ceiling_images: np.ndarray
    means: np.ndarray
    repeats: np.ndarray | None
    presentations: float | None
    fano: float
    are_counts: bool

    def select(self, neurons):
        """Return the data of some neurons."""
        changes = {
            name: getattr(self, name)[:, neurons]
            for name in ("responses", "rates", "means")
        }
        if self.repeats is not None:
            changes["repeats"] = self.repeats[:, :, neurons]
        return dataclasses.replace(self, **changes)

    @property
    def repeated_rates(self):
        """Predictions for the images of `repeats`, in their order."""
        place = np.argsort(self.images)
        row = np.searchsorted(self.images, self.ceiling_images, sorter=place)
        return self.rates[place[row]]


def scored_data(
    recording: Any, images: np.ndarray, rates: np.ndarray, fano: float
) -> ScoredData:
    """Return what is scored, and the responses from which a ceiling is estimated.

    These are the single presentations of the images scored, if all have them, else the
    means of all images without repeats.

    Args:
        recording: `v1keras.data.Recording`.
        images: Integer indices `(m,)` of the images scored.
        rates: `(m, neurons)` predictions for them.
        fano: Float, Fano factor of a ceiling from means.
    """
    of_ceiling, repeats = np.arange(len(recording.responses)), None
    if recording.repeats is not None:
        repeated = recording.repeat_images
        if len(images) > 1 and np.isin(images, repeated).all():
            scored = np.isin(repeated, images)
            of_ceiling, repeats = repeated[scored], recording.repeats[scored]
        else:
            # `presentations` is stated for the images without repeats.
            of_ceiling = np.delete(of_ceiling, repeated)
    presentations = None
    if recording.units_are_counts:
        presentations = recording.attributes.get("presentations")
    return ScoredData(
        np.asarray(images),
        recording.responses[images],
        np.asarray(rates),
        of_ceiling,
        recording.responses[of_ceiling],
        repeats,
        presentations,
        fano,
        recording.units_are_counts,
    )


def further_scores(data: ScoredData) -> dict[str, np.ndarray]:
    """Return the columns of further metrics, NaN where the data do not allow one."""
    unknown = np.full(data.responses.shape[1], np.nan)
    columns = dict.fromkeys(SCORES[4:], unknown)
    columns["selectivity"] = image_selectivity(data.responses)
    if data.repeats is not None:
        rates = data.repeated_rates
        columns["single_trial_correlation"] = single_trial_correlation(
            data.repeats, rates
        )
        columns["oracle"] = oracle_correlation(data.repeats)
    if data.are_counts:
        columns["deviance_explained"] = deviance_explained(data.responses, data.rates)
        columns["bits_per_spike"] = bits_per_spike(data.responses, data.rates)
    return columns
