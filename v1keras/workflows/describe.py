"""The content of a recording, as text and as a page."""

import numpy as np

from v1keras.data import quality
from v1keras.data.validation import count_images
from v1keras.evaluation import estimate_ceiling
from v1keras.io.quiet import quiet_start
from v1keras.io.terminal import one_line

_SHOWN = 32  # images and neurons that a page shows


def describe(recording):
    """Return lines on the content of a recording, and on what would spoil a score.

    Args:
        recording: `Recording`.

    Example:

    >>> from v1keras import simulate_recording
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> print(describe(recording).split("window")[0])
    name: simulated
    units: spikes per presentation
    """
    lines = [*_attributes(recording), *_content(recording)]
    for issue in quality.quality_issues(recording) or ["nothing found"]:
        lines.append(f"would spoil a score: {issue}")
    return "\n".join(lines)


def _attributes(recording):
    """Yield lines on the recording's attributes."""
    for key, value in recording.attributes.items():
        yield f"{one_line(key)}: {one_line(value)}"


def _content(recording):
    """Return lines on the recording's arrays."""
    return [*_arrays(recording), *_responses(recording), *_columns(recording)]


def _arrays(recording):
    """Yield lines on the images, the split and the responses."""
    images = recording.images
    yield (f"images: {images.shape}, {images.dtype}, {images.min()} to {images.max()}")
    counts = count_images(recording.split)
    unassigned = len(recording.split) - sum(counts.values())
    if unassigned:
        counts["unassigned"] = unassigned
    sides = ", ".join(f"{count} {name}" for name, count in counts.items())
    yield f"split: {sides}"
    included = int(recording.included.sum())
    yield f"neurons: {recording.neuron_count} ({included} reported)"
    mean = np.nanmean(recording.responses)
    missing = np.isnan(recording.responses).mean()
    yield f"responses: mean {mean:.3f}, {missing:.1%} missing"


def _responses(recording):
    """Yield lines on rates, ceilings and repeats."""
    if recording.mean_rates_hz is not None:
        yield f"rates: {_spread(recording.mean_rates_hz)} Hz"
    source, ceiling = _ceilings(recording)
    yield (
        f"ceilings (CC_max, from {source}): {_spread(ceiling)},"
        f" {int((ceiling == 0).sum())} neurons at 0"
    )
    repeats = recording.repeats
    if repeats is not None:
        text = f"repeats: {repeats.shape[1]} of {len(repeats)} images"
        missing = np.isnan(repeats).mean()
        yield f"{text}, {missing:.1%} missing" if missing else text


def _columns(recording):
    """Yield lines on groups of images, sessions and further columns."""
    if recording.image_group is not None:
        yield f"groups of images: {np.unique(recording.image_group).size}"
    if recording.neuron_session is not None:
        sessions, counts = np.unique(recording.neuron_session, return_counts=True)
        pairs = zip(sessions, counts, strict=True)
        yield "sessions: " + ", ".join(
            f"{one_line(name)} ({count})" for name, count in pairs
        )
    for group in ("neurons", "covariates", "repeat_covariates"):
        for name, column in getattr(recording, group).items():
            yield f"{group}/{one_line(name)}: {column.shape}, {column.dtype}"


def _ceilings(recording):
    """Return the source of the ceilings, and `(neurons,)` CC_max.

    From all images that have repeats, else from all means.
    """
    presentations = recording.attributes.get("presentations")
    source, ceiling, _ = estimate_ceiling(
        recording.responses,
        recording.repeats,
        presentations if recording.units_are_counts else None,
    )
    return source, ceiling


def _spread(values):
    """Return the mean, the median and the range of the central 90 % as text."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "unknown"
    low, middle, high = np.percentile(finite, [5, 50, 95])
    return (
        f"mean {finite.mean():.2f}, median {middle:.2f}, 90 % within {low:.2f} to"
        f" {high:.2f}"
    )


def write_page(recording, path, figures=None):
    """Write a page with images, responses, ceilings and spike-triggered averages.

    Args:
        recording: `Recording`.
        path: Path of the HTML file.
        figures: String, "pdf", "svg" or "png", to write each figure to a file of its
            own, too; None for none.

    Returns:
        List of strings, names of the files.

    Raises:
        OSError: A file can't be written.
    """
    with quiet_start():  # loads TensorFlow, which the text does without
        from v1keras.report.recording_page import (
            triggered_averages,
            write_recording_page,
        )
        from v1keras.workflows.trust import recording_checks
    source, ceiling = _ceilings(recording)
    rates, unit = _mean_responses(recording)
    best = np.argsort(-np.nan_to_num(ceiling, nan=-1), kind="stable")[:_SHOWN]
    averages = triggered_averages(recording.images, recording.responses[:, best])
    count = len(recording.images)
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.choice(count, min(_SHOWN, count), replace=False))
    lines = [*_attributes(recording), *_content(recording)]
    return write_recording_page(
        path,
        one_line(recording.attributes.get("name", "")),
        _tiles(recording, ceiling),
        recording_checks(recording),
        dict(line.split(": ", 1) for line in lines),
        {int(index): recording.images[index] for index in chosen},
        dict(zip(best.tolist(), averages, strict=True)),
        (rates, one_line(unit)),
        (ceiling, source),
        figures,
    )


def _tiles(recording, ceiling):
    """Return what a recording holds at a glance."""
    from v1keras.report import Tile

    counts = count_images(recording.split)
    sides = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    images = f"{len(recording.images):,}"
    included = int(recording.included.sum())
    entries = [
        Tile(images, "images", sides or "without a split"),
        Tile(f"{recording.neuron_count:,}", "neurons", f"{included:,} reported"),
    ]
    rates, unit = _mean_responses(recording)
    middle = f"{np.nanmedian(rates):.3g} {one_line(unit)}"
    entries.append(Tile(middle, "mean response", "median over neurons"))
    if np.isfinite(ceiling).any():
        note = "highest correlation that noise allows, median"
        entries.append(Tile(f"{np.nanmedian(ceiling):.2f}", "CC_max", note))
    return entries


def _mean_responses(recording):
    """Return `(neurons,)` mean responses and their unit, Hz where it is known."""
    if recording.mean_rates_hz is not None:
        return recording.mean_rates_hz, "Hz"
    unit = recording.attributes.get("units", "")
    return np.nanmean(recording.responses, axis=0), unit
