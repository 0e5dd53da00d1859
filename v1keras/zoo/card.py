"""The card of a preset, and tables of presets, written from their metadata."""

import pathlib
import re
from typing import Any

from v1keras.io.terminal import one_line
from v1keras.zoo.catalog import info, names, remote

_ESTIMATED = (
    "CC_norm 1 is the limit that the neurons' own noise sets (Schoppe et al. 2016),"
    " estimated from {}; near the limit means 0.9 or more."
)
# Source of the ceiling -> what the card says of it.
_LIMIT = {
    "repeats": _ESTIMATED.format("single presentations"),
    "means": _ESTIMATED.format("means, with Poisson noise"),
    "several": _ESTIMATED.format(
        "single presentations where there are any, else from means, with Poisson noise,"
        " where they are of spike counts"
    ),
    "none": (
        "The recording has no repeats and no spike counts, so that the limit is"
        " unknown."
    ),
}
_COLUMNS = "correlation | CC_norm | near the limit |"


def table(added: pathlib.Path | None = None) -> str:
    """Return the text of zoo/README.md: the package's presets and their scores.

    Args:
        added: Path of the folder of a preset that is about to be one of them; None for
            none.
    """
    presets: dict[str, str | pathlib.Path] = {name: name for name in names()}
    if added is not None:
        presets[added.name] = added
    rows = [f"| preset | neurons | protocol | {_COLUMNS}", "|---" * 6 + "|"]
    for name, preset in sorted(presets.items()):
        for row in info(preset)["scores"]:
            neurons = f"{row['neurons']} ({row['count']})"
            rows.append(f"| [{name}]({name}/README.md) | {neurons} | {_scores(row)}")
    paragraphs = [
        "# Pretrained models",
        (
            "Scores on test images, as each preset's card says how measured. Written by"
            " `python -m v1keras.zoo add`."
        ),
        "\n".join(rows),
    ]
    if remote():
        links = [f"[{name}]({entry['url']})" for name, entry in remote().items()]
        paragraphs.append(f"Fetched when first loaded: {', '.join(links)}")
    return "\n\n".join(paragraphs) + "\n"


def listing() -> str:
    """Return a table of the presets for a terminal."""
    rows = [("preset", "recording", "neurons", "correlation", "CC_norm")]
    for name in names():
        metadata = info(name)
        scores = metadata["scores"][0]
        rows.append(
            (
                name,
                one_line(metadata["recording"].get("name", "")),
                str(scores["count"]),
                _number(scores["correlation"], ".3f"),
                _number(scores["cc_norm"], ".3f"),
            )
        )
    rows += [(name, "fetched when first loaded", "", "", "") for name in remote()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(row, widths, strict=True)
        line = "  ".join(cell.ljust(width) for cell, width in cells)
        lines.append(line.rstrip())
    return "\n".join(lines)


def plain(text: object) -> str:
    r"""Return text on one line, as Markdown that shows it as it stands.

    Example:

    >>> print(plain("[a|b] <i>"))
    \[a\|b\] \<i>
    """
    return re.sub(r"([\\`*<|\[\]])", r"\\\1", one_line(text))


def card(metadata: dict[str, Any]) -> str:
    """Return the text of a preset's README.md.

    Args:
        metadata: Dict, as `info` returns it. Each row of its `scores` is a dict of
            `protocol`, `seeds`, `neurons` (the group's name), `count`, `correlation`,
            `cc_norm` and `fraction_near_limit` on test images, means over the seeds.
            Only a published preset has `own_scores` (such rows of these very weights,
            each with its `split`) and `latency`.

    Returns:
        Markdown.
    """
    paragraphs = [
        *_use(metadata),
        *_pixels(metadata),
        *_behavior(metadata.get("behavior", {})),
        "## Trained on",
        "\n".join(_training(metadata)),
        *_quality(metadata),
    ]
    if "own_scores" in metadata:
        paragraphs += _own_quality(metadata)
    if "latency" in metadata:
        paragraphs += _speed(metadata["latency"])
    return "\n\n".join(paragraphs) + "\n"


def _use(metadata):
    """Return the heading, what the model predicts, and the code that does it."""
    name, recording = metadata["name"], _plain(metadata["recording"])
    height, width = metadata["image_size"]
    behavior = metadata.get("behavior", {})
    shapes = [f"images (n, {height}, {width}, 1)"]
    for column, moments in behavior.items():
        shapes.append(f"{column} (n, {len(moments['mean'])})")
    inputs = "images"
    if behavior:
        entries = [f'"{column}": {column}' for column in ("images", *behavior)]
        inputs = "{" + ", ".join(entries) + "}"
    neurons = sum(metadata["sessions"].values())
    return [
        f"# {name}",
        (
            f"Predicts the rates of {neurons} neurons of"
            f" {recording.get('area', 'an area not stated')} (species:"
            f" {recording.get('species', 'not stated')}) from images of {height} x"
            f" {width} pixels. A rate is in"
            f" {recording.get('units', 'the units of the responses')}."
        ),
        (
            f"```python\nimport v1keras\n\nmodel = v1keras.zoo.load({name!r})\n"
            f"rates = model.predict({inputs})  # {', '.join(shapes)}\n```"
        ),
    ]


def _plain(attributes):
    return {key: plain(value) for key, value in attributes.items()}


def _pixels(metadata):
    name, recording = metadata["name"], metadata["recording"]
    height, width = metadata["image_size"]
    low, high = metadata["pixels"]["minimum"], metadata["pixels"]["maximum"]
    return [
        "## Pixels",
        (
            f"Pixels are the recording's own, {low:g} to {high:g},"
            f" {_degrees(recording.get('pixels_per_degree'))}. `python -m v1keras.zoo"
            f" predict {name} IMAGES...` takes such arrays (.npy, .npz), and image"
            f" files: turned grey, the largest part of proportions {height}:{width} cut"
            f" out of the middle and resized to {height} x {width}, black to {low:g}"
            f" and white to {high:g}."
        ),
    ]


def _training(metadata):
    """Return the lines of the list on the training."""
    recording, data = _plain(metadata["recording"]), metadata["config"]["data"]
    sessions = [
        f"{plain(name)} ({count})" for name, count in metadata["sessions"].items()
    ]
    versions = [f"{name} {number}" for name, number in metadata["versions"].items()]
    return [
        (
            f"- recording: {recording.get('name', 'not named')}; sessions (neurons):"
            f" {', '.join(sessions)}"
        ),
        f"- source: {recording.get('source', 'not stated')}",
        f"- cite: {recording.get('citation', 'not stated')}",
        f"- terms: {recording.get('license', 'not stated')}",
        (
            f"- split: protocol {data['protocol']}, seed {data['split_seed']}; its test"
            " images had no part in these weights"
        ),
        f"- parameters: {metadata['parameters']:,}",
        f"- command: `{metadata['command']}`",
        f"- commit: {metadata['commit'] or 'not recorded'}",
        f"- with {', '.join(versions)}; {metadata['written']}",
    ]


def _quality(metadata):
    rows = [f"| neurons | protocol, seeds | {_COLUMNS}", "|---" * 5 + "|"]
    for row in metadata["scores"]:
        rows.append(f"| {row['neurons']} ({row['count']}) | {_scores(row)}")
    return [
        "## How good",
        f"On test images, means over neurons and seeds. {_LIMIT[metadata['ceiling']]}",
        "\n".join(rows),
        f"Measured by: `{metadata['measured_by']}`",
    ]


def _own_quality(metadata):
    rows = [f"| images | neurons | protocol, seed | {_COLUMNS}", "|---" * 6 + "|"]
    for row in metadata["own_scores"]:
        neurons = f"{row['neurons']} ({row['count']})"
        rows.append(f"| {row['split']} | {neurons} | {_scores(row)}")
    return [
        (
            "These very weights, measured anew by `python -m v1keras.zoo verify"
            f" {metadata['name']} --scores`:"
        ),
        "\n".join(rows),
    ]


def _speed(latency):
    rows = ["| through | median, ms | 95th percentile, ms |", "|---|---|---|"]
    for way, ms in latency["ms"].items():
        rows.append(f"| {way} | {ms['median']:.2f} | {ms['percentile_95']:.2f} |")
    text = (
        f"Time to the rates of one image on {latency['machine']}, {latency['calls']}"
        " calls after some first ones"
    )
    if "load" in latency:
        text += f"; the machine's load before it was {latency['load']:g}"
    return ["## How fast", f"{text}.", "\n".join(rows)]


def _scores(row):
    seeds = ", ".join(map(str, row["seeds"]))
    correlation = _number(row["correlation"], ".3f")
    limit = _number(row["cc_norm"], ".3f")
    near_limit = _number(row["fraction_near_limit"], ".0%")
    if row["cc_norm"] is None:
        near_limit = "none"
    return f"{row['protocol']}, {seeds} | {correlation} | {limit} | {near_limit} |"


def _number(value, form):
    """Format a number, or "none" if there was no neuron to average over."""
    return "none" if value is None else format(value, form)


def _behavior(columns):
    """Return the paragraphs on the covariates that a model takes beside images."""
    if not columns:
        return []
    rows = [
        "| column | mean over the training images | standard deviation |",
        "|---|---|---|",
    ]
    for name, moments in columns.items():
        rows.append(
            f"| {plain(name)} | {_list(moments['mean'])} | {_list(moments['std'])} |"
        )
    return [
        "## Behaviour",
        (
            "The model takes what was measured beside each image, in the recording's"
            " own units. `model.without_covariates()` is the model of"
            " images alone, with these held at their means; so are `python -m"
            " v1keras.zoo predict` and the inversion."
        ),
        "\n".join(rows),
    ]


def _list(values):
    return ", ".join(f"{value:.4g}" for value in values)


def _degrees(pixels):
    """Return pixels per degree as a phrase; several recordings give a list as text."""
    if pixels is None:
        return "of a size not stated"
    return f"{pixels if isinstance(pixels, str) else format(pixels, 'g')} a degree"
