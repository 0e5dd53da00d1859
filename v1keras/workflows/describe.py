"""What a recording holds: as text, and as a page."""

import numpy as np

from v1keras import report
from v1keras.data import quality
from v1keras.data.validation import SPLITS
from v1keras.evaluation import estimate_ceiling
from v1keras.report import figures, recording_page


def describe(recording):
    """Lines that say what a recording holds, and what would spoil a score on it."""
    known = [f"{key}: {value}" for key, value in recording.attributes.items()]
    sides = {
        name: int((recording.split == side).sum()) for name, side in SPLITS.items()
    }
    unassigned = len(recording.split) - sum(sides.values())
    division = ", ".join(f"{count} {name}" for name, count in sides.items())
    if unassigned:
        division += f", {unassigned} unassigned"
    lines = [
        *known,
        (
            f"images: {recording.images.shape}, {recording.images.dtype},"
            f" {recording.images.min()} to {recording.images.max()}"
        ),
        f"split: {division}",
        f"neurons: {recording.neuron_count} ({int(recording.included.sum())} reported)",
        (
            f"responses: mean {np.nanmean(recording.responses):.3f},"
            f" {np.isnan(recording.responses).mean():.1%} missing"
        ),
    ]
    if recording.mean_rates_hz is not None:
        lines.append(f"rates: {_spread(recording.mean_rates_hz)} Hz")
    source, ceiling = ceilings(recording)
    lines.append(
        f"ceilings (CC_max, from {source}): {_spread(ceiling)},"
        f" {int((ceiling == 0).sum())} neurons at 0"
    )
    if recording.repeats is not None:
        missing = np.isnan(recording.repeats).mean()
        lines.append(
            f"repeats: {recording.repeats.shape[1]} of {len(recording.repeats)}"
            f" images{f', {missing:.1%} missing' * bool(missing)}"
        )
    if recording.image_group is not None:
        lines.append(f"groups of images: {np.unique(recording.image_group).size}")
    if recording.neuron_session is not None:
        sessions, counts = np.unique(recording.neuron_session, return_counts=True)
        lines.append(
            "sessions: "
            + ", ".join(f"{s} ({c})" for s, c in zip(sessions, counts, strict=True))
        )
    for group in ("neurons", "covariates"):
        lines += [
            f"{group}/{name}: {column.shape}, {column.dtype}"
            for name, column in getattr(recording, group).items()
        ]
    spoilers = quality.spoilers(recording)
    return "\n".join(
        lines
        + [f"would spoil a score: {line}" for line in spoilers or ["nothing found"]]
    )


def ceilings(recording):
    """(What they are taken from, `(neurons,)` CC_max) over all images that have
    repeats, else over all means.
    """
    counts = (
        recording.attributes.get("units", "spikes per presentation")
        == "spikes per presentation"
    )
    presentations = recording.attributes.get("presentations") if counts else None
    source, ceiling, _ = estimate_ceiling(
        recording.responses, recording.repeats, presentations
    )
    return source, ceiling


def _spread(values):
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "unknown"
    low, middle, high = np.percentile(finite, [5, 50, 95])
    return (
        f"mean {finite.mean():.2f}, median {middle:.2f}, 90 % within {low:.2f} to"
        f" {high:.2f}"
    )


def plot(recording, path):
    """Writes a page with sample images, mean responses, ceilings and spike-triggered
    averages of the neurons with the highest ceilings.
    """
    source, ceiling = ceilings(recording)
    hertz = recording.mean_rates_hz
    rates, unit = (
        (hertz, "Hz")
        if hertz is not None
        else (
            np.nanmean(recording.responses, axis=0),
            recording.attributes.get("units", ""),
        )
    )
    best = np.argsort(-np.nan_to_num(ceiling, nan=-1), kind="stable")[:32]
    triggered = recording_page.triggered_averages(
        recording.images, recording.responses[:, best]
    )
    rng = np.random.default_rng(0)
    shown = np.sort(
        rng.choice(len(recording.images), min(32, len(recording.images)), replace=False)
    )
    sections = [
        ("What it holds", "And what would spoil a score.", describe(recording)),
        (
            "Images",
            "Some, drawn at random.",
            recording_page.sample_images(recording.images[shown], shown),
        ),
        (
            "Neurons",
            (
                "Mean responses, and the highest correlation that noise allows (from"
                f" {source})."
            ),
            recording_page.neurons(rates, unit, ceiling),
        ),
        (
            "Spike-triggered averages",
            (
                "Images averaged by the response to them, less the mean image; the"
                " neurons with the highest ceilings. A linear neuron's filter, blurred"
                " by the images' own correlations."
            ),
            figures.gallery(triggered, [f"neuron {neuron}" for neuron in best]),
        ),
    ]
    report.write_page(
        path, f"Recording {recording.attributes.get('name', '')}", sections
    )
