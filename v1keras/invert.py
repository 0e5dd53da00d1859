"""Synthesizes the stimulus that each neuron of a trained model prefers.

    python -m v1keras.invert --model=kindel2019_factorized --neurons=near-limit --out=stimuli

Writes stimuli.h5 (stimuli in pixel units, the rates they reach, and the rates of the best image of the recording), gallery.png
and report.html.
"""

import pathlib
import time

import h5py
import numpy as np
from absl import flags
from matplotlib import pyplot

from v1keras import command, report
from v1keras.evaluate import evaluate, open_model, predict
from v1keras.files import check_room, written_whole
from v1keras.inversion import Contrast, invert
from v1keras.report import figures

# Simulated kinds whose preferred stimulus is one picture, their filter; a complex cell prefers it at any phase.
_ONE_PICTURE = ("simple", "center_surround")
# Enough to see how large receptive fields are.
_SAMPLED_NEURONS, _FIRST_STEPS = 64, 60


def choose_neurons(text, count, cc_norm):
    """Which neurons to invert.

    Args:
        text: "all", "near-limit" (CC_norm of 0.9 or more) or indices such as "0,3,7".
        count: neurons there are.
        cc_norm: callable that gives `(count,)` CC_norm; called for "near-limit" only.

    Returns:
        Indices.

    Raises:
        ValueError: no such neuron, or none near the limit.

    Example:

    >>> choose_neurons("2,0", 3, None).tolist()
    [2, 0]
    """
    if text == "all":
        return np.arange(count)
    if text == "near-limit":
        values = cc_norm()
        if np.isnan(values).all():
            raise ValueError("--neurons=near-limit: this recording tells no limit (no repeats, no spike counts); name some, as in --neurons=0,3")
        found = np.flatnonzero(np.nan_to_num(values) >= 0.9)
        if not found.size:
            raise ValueError("--neurons=near-limit: no neuron has a CC_norm of 0.9 or more; name some, as in --neurons=0,3,7")
        return found
    try:
        found = np.array([int(part) for part in text.split(",")])
    except ValueError:
        raise ValueError(f"--neurons: found {text!r}, expected all, near-limit or indices such as 0,3,7") from None
    outside = found[(found < 0) | (found >= count)]
    if outside.size:
        raise ValueError(f"--neurons: there is no neuron {outside[0]}; the model has neurons 0 to {count - 1}")
    return found


def contrast_of(model, recording, norm=None):
    """The constraint that keeps stimuli like the recording's images: their grey, their pixel range, and their contrast where there is any.

    A stimulus fills a receptive field, not the image. So its norm is the images' median, times the square root of the share of the
    image's area that it fills: its contrast there is what the images have where they have contrast. The area is found by a first, short
    inversion at a tenth of the norm.

    Args:
        model: a `V1Model` or an `Ensemble`; grey is its `pixel_mean`.
        recording: a `Recording`.
        norm: of the contrast; None to have it found.

    Returns:
        A `Contrast`.
    """
    images = recording.images.astype("float32")
    low, high = float(images.min()), float(images.max())
    if norm is None:
        patterns = images - model.pixel_mean
        median = float(np.median(np.linalg.norm(patterns.reshape(len(patterns), -1), axis=1)))
        some = np.unique(np.linspace(0, recording.neuron_count - 1, _SAMPLED_NEURONS).astype(int))  # the same whichever are asked for
        first = invert(_rates(model), some, model.image_size, Contrast(model.pixel_mean, median / 10, low, high), _FIRST_STEPS)
        filled = np.median(effective_area(first.stimuli - model.pixel_mean)) / np.median(effective_area(patterns))
        norm = median * float(np.sqrt(min(filled, 1.0)))
    return Contrast(model.pixel_mean, norm, low, high)


def effective_area(patterns):
    """How many pixels a pattern's contrast is spread over: (sum x^2)^2 / sum x^4, the participation ratio.

    Args:
        patterns: `(n, height, width)`, zero where there is no contrast.

    Returns:
        `(n,)` pixels.

    Example:

    >>> effective_area(np.array([[[2.0, -2.0, 0.0, 2.0]]])).tolist()
    [3.0]
    """
    squared = np.square(patterns.reshape(len(patterns), -1), dtype="float64")
    return np.square(squared.sum(axis=1)) / np.maximum(np.square(squared).sum(axis=1), 1e-30)


def _rates(model):
    return lambda images: model(images, training=False)


def write_stimuli(path, found, contrast, controls, facts):
    """Writes what was found to HDF5: a row a neuron, in pixel units and expected spikes per presentation."""
    columns = {"stimuli": found.stimuli, "neurons": found.neurons, "rates": found.rates}
    columns |= controls
    with written_whole(path) as beside:
        check_room(beside.parent, columns.values())
        with h5py.File(beside, "w") as file:
            for name, column in columns.items():
                file.create_dataset(name, data=column, compression="gzip", track_times=False)
            file.attrs.update({"grey": contrast.grey, "norm": contrast.norm, "low": contrast.low, "high": contrast.high, **facts})


def filter_cosines(recording, found, contrast):
    """`(n,)` |cosine| of each stimulus with the neuron's true filter, where a simulation knows it and one picture is preferred."""
    filters, kinds = recording.neurons.get("filter"), recording.neurons.get("kind")
    if filters is None or kinds is None:
        return None
    pattern = (found.stimuli - contrast.grey).reshape(len(found.neurons), -1)
    true = filters[found.neurons].reshape(len(found.neurons), -1)
    cosine = np.abs((pattern * true).sum(axis=1)) / np.linalg.norm(pattern, axis=1) / np.linalg.norm(true, axis=1)
    return np.where(np.isin(kinds[found.neurons], _ONE_PICTURE), cosine, np.nan)


def draw(found, contrast, best_rates, cosines):
    """The gallery: each stimulus with its neuron, its rate over the best image's, and the cosine with the true filter if known."""
    captions = []
    for i, neuron in enumerate(found.neurons):
        known = "" if cosines is None or np.isnan(cosines[i]) else f"  cos {cosines[i]:.2f}"
        captions.append(f"{neuron}: {found.rates[i]:.1f} / {best_rates[i]:.1f}{known}")
    return figures.gallery(found.stimuli - contrast.grey, captions, columns=8 if len(captions) <= 64 else 16)


def main(_):
    values = flags.FLAGS
    model, metadata, recording = open_model(values.model, values.recording)
    evaluation = metadata["config"]["evaluation"]

    def cc_norm():
        return evaluate(model, recording, "test", evaluation["above_hz"], evaluation["fano"])[1]["cc_norm"]

    neurons = choose_neurons(values.neurons, recording.neuron_count, cc_norm)
    contrast = contrast_of(model, recording, values.contrast_norm)
    began = time.monotonic()
    found = invert(_rates(model), neurons, model.image_size, contrast, values.steps, values.blur, seed=values.seed)
    took = time.monotonic() - began
    shown = predict(model, recording.images)[:, neurons]
    best, best_rates = shown.argmax(axis=0), shown.max(axis=0)
    patterns = recording.images[..., None].astype("float32") - contrast.grey
    alike = predict(model, contrast.grey + contrast.project(patterns).numpy()[..., 0])[:, neurons].max(axis=0)
    cosines = filter_cosines(recording, found, contrast)
    folder = pathlib.Path(values.out)
    facts = {
        "model_sha256": metadata["sha256"]["model.weights.h5"],
        "recording": recording.attributes.get("name", ""),
        "steps": values.steps,
        "blur": values.blur,
        "seed": values.seed,
    }
    controls = {"best_images": best, "best_image_rates": best_rates, "best_image_rates_at_norm": alike}
    write_stimuli(folder / "stimuli.h5", found, contrast, controls, facts)
    gallery = draw(found, contrast, best_rates, cosines)
    with written_whole(folder / "gallery.png") as beside:
        gallery.savefig(beside, dpi=110)
    lines = [
        f"{len(neurons)} neurons inverted in {took:.1f} s; contrast norm {contrast.norm:.0f} (RMS {_rms(contrast, model):.1f} grey levels)",
        f"above the best image of the recording at the same contrast: {(found.rates > alike).sum()} of {len(neurons)} "
        f"(median ratio of rates {np.median(found.rates / alike):.2f})",
        f"above the best image as it was shown: {(found.rates > best_rates).sum()} of {len(neurons)} "
        f"(median ratio {np.median(found.rates / best_rates):.2f}; --contrast_norm sets the stimuli's contrast)",
    ]
    if cosines is not None:
        for kind in _ONE_PICTURE:
            known = cosines[recording.neurons["kind"][neurons] == kind]
            if known.size:
                lines.append(f"|cosine| with the true filter, {kind}: median {np.median(known):.3f}, {(known >= 0.8).mean():.0%} at 0.8 or more")
    explanation = (
        "Over each stimulus its neuron, the rate it reaches and that of the best image of the recording, in expected spikes per "
        "presentation. Grey is no contrast. A stimulus that does not beat the best image at the same contrast is not to be believed."
    )
    report.write_page(
        folder / "report.html",
        "v1keras preferred stimuli",
        [("Summary", f"Model {values.model}.", "\n".join(lines)), ("Preferred stimuli", explanation, gallery)],
    )
    pyplot.close("all")
    print("\n".join(lines))
    print(f"report: {folder / 'report.html'}; written beside it: stimuli.h5, gallery.png")


def _rms(contrast, model):
    return contrast.norm / np.sqrt(np.prod(model.image_size))


def run():
    flags.DEFINE_string("model", None, "Preset by name, its folder, or the workdir of a training.", required=True)
    flags.DEFINE_string("recording", None, "HDF5 file or public dataset; the model's own where left out.")
    flags.DEFINE_string("neurons", "near-limit", "all, near-limit (CC_norm of 0.9 or more), or indices such as 0,3,7.")
    flags.DEFINE_string("out", None, "Folder to write to.", required=True)
    flags.DEFINE_integer("steps", 300, "Steps of the ascent.", lower_bound=1)
    flags.DEFINE_float("blur", 1.0, "Width of the gradient's smoothing at the first step, pixels.", lower_bound=0)
    flags.DEFINE_float("contrast_norm", None, "Norm of a stimulus around grey, pixel units; found where left out.")
    flags.DEFINE_integer("seed", 0, "Of the noise to start from.")
    command.run(main)


if __name__ == "__main__":
    run()
