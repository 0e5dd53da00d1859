"""What is known of each inverted cell: its class, its tuning, and the controls that say
whether its stimulus is to be believed.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from v1keras import characterization
from v1keras.data import Recording
from v1keras.evaluate import predict
from v1keras.inversion import Ascent, Contrast, Inversion
from v1keras.models import Ensemble, RidgeReadout, own_rates

# Simulated kinds whose preferred stimulus is one picture, their filter; a complex cell
# prefers it at any phase.
ONE_PICTURE = ("simple", "center_surround")
# A second seed asks how well the first is found again, not for the best: it need not go
# on for long.
_SECOND_STEPS = 100
_FIELD_IMAGES = 40


def ascent_of(model: Any, contrast: Contrast, **options: Any) -> Ascent:
    """The `Ascent` on a model's rates, by the cheapest way to them."""
    return Ascent(
        rates_of(model), model.image_size, contrast, own=own_rates(model), **options
    )


@functools.lru_cache(maxsize=8)
def rates_of(model: Any) -> Callable[[Any], Any]:
    """The model as a compiled callable, images in pixel units -> rates."""
    images = tf.TensorSpec((None, *model.image_size, 1), tf.float32)
    return tf.function(
        lambda images: model(images, training=False), input_signature=[images]
    )


def controls(
    model: Any,
    recording: Recording,
    found: Inversion,
    contrast: Contrast,
    judges: Sequence[Any] = (),
) -> dict[str, np.ndarray]:
    """The rates against which those of the stimuli are to be seen, expected spikes per
    presentation.

    Args:
        model: a `V1Model` or an `Ensemble`.
        recording: a `Recording` of its neurons.
        found: the `Inversion`.
        contrast: the `Contrast` of the stimuli.
        judges: other models of the same neurons, trained on other splits.

    Returns:
        dict of `(n,)` columns: `rate`; `start_rate`, of the noise; `best_image` and
        `best_image_rate`, of the image of the recording that the model answers most, as
        it was shown; `best_image_rate_at_norm`, of the best at the stimulus's contrast;
        `second_rate` of a stimulus from other noise, and `second_cosine`, of the two
        patterns; `beats_best_image`, at the stimulus's contrast; where there are
        judges, `judged_rate`, theirs to the stimulus, and `judged_best_image_rate`; for
        an ensemble of networks `half_rate` and `half_best_image_rate`, the same of one
        half of its networks for stimuli made in the other.
    """
    neurons, rates = found.neurons, rates_of(model)
    shown = predict(rates, recording.images)[:, neurons]
    patterns = recording.images[..., None].astype("float32") - contrast.grey
    alike = contrast.images(contrast.project(patterns)).numpy()[..., 0]
    at_norm = predict(rates, alike)[:, neurons].max(axis=0)
    second = ascent_of(model, contrast).run(neurons, _SECOND_STEPS, seed=12345)
    columns = {
        "rate": found.rates,
        "start_rate": found.trace[0],
        "best_image": shown.argmax(axis=0),
        "best_image_rate": shown.max(axis=0),
        "best_image_rate_at_norm": at_norm,
        "second_rate": second.rates,
        "second_cosine": cosine(
            found.stimuli - contrast.grey, second.stimuli - contrast.grey
        ),
        "beats_best_image": found.rates > at_norm,
    }
    judging = {"judged": (found.stimuli, judges)} if judges else {}
    networks = [
        member
        for member in getattr(model, "members", [])
        if not isinstance(member.readout, RidgeReadout)
    ]
    if isinstance(model, Ensemble) and len(networks) > 1:
        maker, judge = (_mean(networks[i::2]) for i in range(2))
        judging["half"] = ascent_of(maker, contrast).run(neurons).stimuli, [judge]
    for name, (stimuli, models) in judging.items():
        compiled = [rates_of(one) for one in models]
        judge = lambda images, compiled=compiled: np.mean(
            [predict(one, images) for one in compiled], axis=0
        )[:, neurons]
        columns[f"{name}_rate"] = judge(stimuli)[
            np.arange(len(neurons)), np.arange(len(neurons))
        ]
        columns[f"{name}_best_image_rate"] = judge(alike).max(axis=0)
    return columns


def physiology(
    model: Any, recording: Recording, found: Inversion, contrast: Contrast
) -> tuple[dict[str, np.ndarray], dict[str, tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Class, fits and tuning of each inverted cell.

    Args:
        model: a `V1Model` or an `Ensemble`.
        recording: a `Recording`; its images are what gradients are averaged over, its
            `pixels_per_degree` gives degrees.
        found: the `Inversion`.
        contrast: the `Contrast` of the stimuli.

    Returns:
        (columns, curves, fields): dict of `(n,)` columns; dict from a grating's
        parameter to `(values, rates)`, each `(n, k)`; gradient fields `(n, height,
        width)`.
    """
    rates, neurons, patterns = (
        rates_of(model),
        found.neurons,
        found.stimuli - contrast.grey,
    )
    columns = characterization.classify(patterns)
    fits = {
        name: {
            k.removeprefix(f"{name}_"): v
            for k, v in columns.items()
            if k.startswith(f"{name}_")
        }
        for name in ("gabor", "center_surround")
    }
    for name, best in (
        ("gabor", characterization.best_gabor),
        ("center_surround", characterization.best_center_surround),
    ):
        columns[f"best_{name}_rate"] = best(
            rates,
            neurons,
            fits[name],
            model.image_size,
            contrast.grey,
            contrast.project,
        )[1]
    screen = characterization.Screen(
        contrast.grey, contrast.low, contrast.high, model.image_size
    )
    curves, tuned = characterization.tuning(rates, neurons, fits["gabor"], screen)
    degrees = recording.attributes.get("pixels_per_degree")
    if degrees:
        for name, fit in fits.items():
            columns |= {
                f"{name}_{key}": column
                for key, column in characterization.in_degrees(fit, degrees).items()
            }
    some = np.linspace(0, len(recording.images) - 1, _FIELD_IMAGES).astype(int)
    return (
        columns | tuned,
        curves,
        characterization.gradient_fields(rates, neurons, recording.images[some]),
    )


def cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`(n,)` cosine of each pattern `(n, height, width)` with the other's."""
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    return (
        (one * other).sum(axis=1)
        / np.linalg.norm(one, axis=1)
        / np.linalg.norm(other, axis=1)
    )


def filter_cosines(
    recording: Recording, found: Inversion, contrast: Contrast
) -> np.ndarray | None:
    """`(n,)` |cosine| of each stimulus with the neuron's true filter, where a
    simulation knows it and one picture is preferred.
    """
    filters, kinds = recording.neurons.get("filter"), recording.neurons.get("kind")
    if filters is None or kinds is None:
        return None
    known = np.abs(cosine(found.stimuli - contrast.grey, filters[found.neurons]))
    return np.where(np.isin(kinds[found.neurons], ONE_PICTURE), known, np.nan)


def _mean(networks):
    return networks[0] if len(networks) == 1 else Ensemble(networks, name="half")
