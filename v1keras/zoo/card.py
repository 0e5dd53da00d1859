"""What a preset's metadata says, for readers."""

from typing import Any

from v1keras.zoo.catalog import info, names, remote

_ESTIMATED = (
    "CC_norm 1 is the limit that the neurons' own noise sets (Schoppe et al. 2016),"
    " estimated from {}; near the limit means 0.9 or more."
)
# By where the ceiling comes from.
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


def table() -> str:
    """The text of zoo/README.md: the presets that come with the package and their
    scores.
    """
    rows = [f"| preset | neurons | protocol | {_COLUMNS}", "|---" * 6 + "|"]
    for name in names():
        for row in info(name)["scores"]:
            rows.append(
                f"| [{name}]({name}/README.md) | {row['neurons']} ({row['count']}) |"
                f" {_scores(row)}"
            )
    head = (
        "Scores on test images, as each preset's card says how measured. Written by"
        " `python -m v1keras.zoo add`."
    )
    text = "# Pretrained models\n\n" + head + "\n\n" + "\n".join(rows) + "\n"
    if remote():
        text += (
            "\nFetched when first loaded: "
            + ", ".join(f"[{name}]({entry['url']})" for name, entry in remote().items())
            + "\n"
        )
    return text


def card(metadata: dict[str, Any]) -> str:
    """The text of a preset's README.md.

    Args:
        metadata: as `info` gives it. Each row of its `scores` is a dict of `protocol`,
            `seeds`, `neurons` (which), `count`, `correlation`, `cc_norm` and
            `fraction_near_limit` on test images, means over the seeds. Only a published
            preset has `own_scores` (such rows of these very weights, each with its
            `split`) and `latency`.

    Returns:
        Markdown.
    """
    recording, config, name = (
        metadata["recording"],
        metadata["config"],
        metadata["name"],
    )
    height, width = metadata["image_size"]
    low, high = metadata["pixels"]["minimum"], metadata["pixels"]["maximum"]
    sessions = ", ".join(
        f"{session} ({count})" for session, count in metadata["sessions"].items()
    )
    rows = [
        f"| {row['neurons']} ({row['count']}) | {_scores(row)}"
        for row in metadata["scores"]
    ]
    behavior = metadata.get("behavior", {})
    inputs = [
        f"images (n, {height}, {width}, 1)",
        *(f"{c} (n, {len(b['mean'])})" for c, b in behavior.items()),
    ]
    asked = (
        "{" + ", ".join(f'"{name}": {name}' for name in ("images", *behavior)) + "}"
        if behavior
        else "images"
    )
    text = [
        f"# {name}",
        (
            f"Predicts the rates of {sum(metadata['sessions'].values())} neurons of"
            f" {recording.get('area', 'an area not stated')} (species:"
            f" {recording.get('species', 'not stated')}) from images of {height} x"
            f" {width} pixels. A rate is in"
            f" {recording.get('units', 'the units of the responses')}."
        ),
        (
            f"```python\nimport v1keras\n\nmodel = v1keras.zoo.load({name!r})\nrates ="
            f" model.predict({asked})  # {', '.join(inputs)}\n```"
        ),
        "## Pixels",
        (
            f"Pixels are the recording's own, {low:g} to {high:g},"
            f" {_degrees(recording.get('pixels_per_degree'))}. `python -m v1keras.zoo"
            f" predict {name} IMAGES...` takes such arrays (.npy, .npz), and image"
            f" files: turned grey, the largest part of proportions {height}:{width} cut"
            f" out of the middle and resized to {height} x {width}, black to {low:g}"
            f" and white to {high:g}."
        ),
        *_behavior(behavior),
        "## Trained on",
        (
            f"- recording: {recording.get('name', 'not named')}; sessions (neurons):"
            f" {sessions}"
        ),
        f"- source: {recording.get('source', 'not stated')}",
        f"- cite: {recording.get('citation', 'not stated')}",
        f"- terms: {recording.get('license', 'not stated')}",
        (
            f"- split: protocol {config['data']['protocol']}, seed"
            f" {config['data']['split_seed']}; its test images had no part in these"
            " weights"
        ),
        f"- parameters: {metadata['parameters']:,}",
        f"- command: `{metadata['command']}`",
        f"- commit: {metadata['commit'] or 'not recorded'}",
        "- with "
        + ", ".join(
            f"{package} {version}" for package, version in metadata["versions"].items()
        )
        + f"; {metadata['written']}",
        "## How good",
        f"On test images, means over neurons and seeds. {_LIMIT[metadata['ceiling']]}",
        f"| neurons | protocol, seeds | {_COLUMNS}\n{'|---' * 5}|\n" + "\n".join(rows),
        f"Measured by: `{metadata['measured_by']}`",
    ]
    if "own_scores" in metadata:
        rows = [
            f"| {row['split']} | {row['neurons']} ({row['count']}) | {_scores(row)}"
            for row in metadata["own_scores"]
        ]
        text += [
            (
                "These very weights, measured anew by `python -m v1keras.zoo verify"
                f" {name} --scores`:"
            ),
            f"| images | neurons | protocol, seed | {_COLUMNS}\n{'|---' * 6}|\n"
            + "\n".join(rows),
        ]
    if "latency" in metadata:
        latency = metadata["latency"]
        rows = [
            f"| {way} | {values['median']:.2f} | {values['percentile_95']:.2f} |"
            for way, values in latency["ms"].items()
        ]
        text += [
            "## How fast",
            f"Time to the rates of one image on {latency['machine']},"
            f" {latency['calls']} calls after some first ones"
            + (
                f"; the machine's load before it was {latency['load']:g}."
                if "load" in latency
                else "."
            ),
            "| through | median, ms | 95th percentile, ms |\n|---|---|---|\n"
            + "\n".join(rows),
        ]
    return (
        "\n\n".join(text)
        .replace("\n\n- ", "\n- ")
        .replace("## Trained on\n-", "## Trained on\n\n-")
        + "\n"
    )


def _scores(row):
    seeds = ", ".join(map(str, row["seeds"]))
    correlation = _number(row["correlation"], ".3f")
    limit = _number(row["cc_norm"], ".3f")
    near_limit = _number(row["fraction_near_limit"], ".0%")
    if row["cc_norm"] is None:
        near_limit = "none"
    return f"{row['protocol']}, {seeds} | {correlation} | {limit} | {near_limit} |"


def _number(value, form):
    """Format a number; without any neuron to average over it is none."""
    return "none" if value is None else format(value, form)


def _behavior(columns):
    """The paragraphs on the behaviour that a model takes beside images."""
    if not columns:
        return []
    listed = lambda values: ", ".join(f"{value:.4g}" for value in values)
    rows = [
        f"| {name} | {listed(each['mean'])} | {listed(each['std'])} |"
        for name, each in columns.items()
    ]
    return [
        "## Behaviour",
        (
            "The model takes what was measured beside each image, in the recording's"
            " own units. `model.without_covariates()` is the model of"
            " images alone, with these held at their means; so are `python -m"
            " v1keras.zoo predict` and the inversion."
        ),
        "| column | mean over the training images | standard deviation"
        " |\n|---|---|---|\n" + "\n".join(rows),
    ]


def _degrees(pixels):
    """Pixels a degree as a phrase; of several recordings they are a list as text."""
    if pixels is None:
        return "of a size not stated"
    return f"{pixels if isinstance(pixels, str) else format(pixels, 'g')} a degree"
