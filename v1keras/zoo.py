"""Stage 5: weights <-> preset, a folder that holds a trained model and all that is known of it.

    python -m v1keras.zoo list
    python -m v1keras.zoo show kindel2019_factorized

    config.json        the model's architecture
    model.weights.h5   its weights
    metadata.json      sha256 of the two, recording, neurons, training, scores
    README.md          the card: metadata.json for readers
"""

import datetime
import hashlib
import importlib.resources
import json
import pathlib
import tempfile

import h5py
import keras

from v1keras import command
from v1keras._version import __version__
from v1keras.files import check_room, folder_written_whole, sha256

FORMAT_VERSION = 1
_ESTIMATED = "CC_norm 1 is the limit that the neurons' own noise sets (Schoppe et al. 2016), estimated from {}; near the limit means 0.9 or more."
# By where the ceiling comes from.
_LIMIT = {
    "repeats": _ESTIMATED.format("single presentations"),
    "means": _ESTIMATED.format("means, with Poisson noise"),
    "several": _ESTIMATED.format("single presentations where there are any, else from means, with Poisson noise, where they are of spike counts"),
    "none": "The recording has no repeats and no spike counts, so that the limit is unknown.",
}
_CONFIG, _WEIGHTS, _METADATA, _CARD = "config.json", "model.weights.h5", "metadata.json", "README.md"


def names():
    """Names of the presets that come with the package.

    Example:

    >>> "simulated_factorized" in names()
    True
    """
    return sorted(folder.name for folder in _zoo().iterdir() if (folder / _METADATA).is_file())


def find(name_or_folder):
    """The folder of a preset.

    Args:
        name_or_folder: one of `names()`, a preset's folder, or the workdir of a training.

    Raises:
        FileNotFoundError: there is no such preset.
    """
    inside = _zoo() / str(name_or_folder)
    for folder in (inside, pathlib.Path(name_or_folder), pathlib.Path(name_or_folder) / "preset"):
        if (folder / _METADATA).is_file():
            return folder
    known = ", ".join(names()) or "none"
    raise FileNotFoundError(f"no model {str(name_or_folder)!r}: neither a preset ({known}) nor the folder of one, nor a workdir")


def info(name_or_folder):
    """What is known of a preset: its `metadata.json`.

    Args:
        name_or_folder: as for `load`.

    Raises:
        ValueError: the file was changed, or is of another version.
        FileNotFoundError: there is no such preset.

    Example:

    >>> info("simulated_factorized")["recording"]["name"]
    'simulated'
    """
    path = find(name_or_folder) / _METADATA
    try:
        metadata = json.loads(path.read_text())
        version, digest = metadata["format_version"], metadata["sha256"][_METADATA]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is not the metadata of a preset: it is cut off or was changed") from None
    if version != FORMAT_VERSION:
        raise ValueError(f"{path} has format_version {version}; this version of v1keras reads {FORMAT_VERSION}")
    if digest != _own_digest(metadata):
        raise ValueError(f"{path} was changed after it was written: its sha256 is not the one it states")
    return metadata


def load(name_or_folder, load_weights=True):
    """A trained model.

    Args:
        name_or_folder: one of `names()`, a preset's folder, or the workdir of a training.
        load_weights: False gives the architecture with fresh weights.

    Returns:
        `V1Model`: images `(batch, height, width, 1)` in pixel units -> rates `(batch, neurons)`, expected spikes per presentation.

    Raises:
        ValueError: a file's sha256 or a name in it is not the one that the preset states.
        FileNotFoundError: there is no such preset.

    Example:

    >>> model = load("simulated_factorized")
    >>> model.image_size
    (32, 32)
    """
    folder = find(name_or_folder)
    metadata = info(folder)
    for name in (_CONFIG, _WEIGHTS) if load_weights else (_CONFIG,):
        found, stated = sha256(folder / name), metadata["sha256"][name]
        if found != stated:
            raise ValueError(f"{folder / name} is not the file of this preset: its sha256 is {found}, stated is {stated}")
    architecture = json.loads((folder / _CONFIG).read_text())
    _refuse_foreign_classes(architecture, folder / _CONFIG)
    model = keras.saving.deserialize_keras_object(architecture)
    if load_weights:
        # Keras goes by position: it would give one session the weights of another without a word.
        with tempfile.TemporaryDirectory() as scratch:
            own = pathlib.Path(scratch) / _WEIGHTS
            model.save_weights(own)
            expected, found = _layers(own), _layers(folder / _WEIGHTS)
        for layer in sorted(set(expected) | set(found)):
            if expected.get(layer) != found.get(layer):
                raise ValueError(
                    f"{folder / _WEIGHTS}: {layer} is {found.get(layer, 'missing')}; {_CONFIG} says {expected.get(layer, 'none')}"
                )
        model.load_weights(folder / _WEIGHTS)
    return model


def save(model, folder, facts):
    """Writes a preset, whole or not at all; one that is there is replaced.

    Args:
        model: a `V1Model`.
        folder: to write to; its name is the preset's.
        facts: what is known of the model, for `metadata.json`: `recording` (its attributes), `sessions` (neurons in each),
            `command` and `config` of the training, `scores` (see `card`). Values that JSON knows.

    Raises:
        OSError: the folder can't be written.

    Example:

    >>> import tempfile
    >>> model, facts = load("simulated_factorized"), info("simulated_factorized")
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "copy"
    >>> save(model, folder, {key: facts[key] for key in ("recording", "sessions", "command", "measured_by", "config", "ceiling", "scores")})
    >>> sorted(path.name for path in folder.iterdir())
    ['README.md', 'config.json', 'metadata.json', 'model.weights.h5']
    """
    with folder_written_whole(folder) as beside:
        (beside / _CONFIG).write_text(json.dumps(keras.saving.serialize_keras_object(model), indent=1))
        check_room(beside, [keras.ops.convert_to_numpy(v) for v in model.variables])
        model.save_weights(beside / _WEIGHTS)
        metadata = {
            "format_version": FORMAT_VERSION,
            "written": datetime.date.today().isoformat(),
            "versions": {"v1keras": __version__, "keras": keras.version()},
            "image_size": model.image_size,
            "parameters": model.count_params(),
            **facts,
            "sha256": {name: sha256(beside / name) for name in (_CONFIG, _WEIGHTS)},
        }
        metadata = json.loads(json.dumps(metadata))
        metadata["sha256"][_METADATA] = _own_digest(metadata)
        (beside / _METADATA).write_text(json.dumps(metadata, indent=1) + "\n")
        (beside / _CARD).write_text(card(pathlib.Path(folder).name, metadata))


def table():
    """The text of zoo/README.md: the presets that come with the package and their scores."""
    rows = ["| preset | neurons | protocol | correlation | CC_norm | near the limit |", "|---|---|---|---|---|---|"]
    for name in names():
        for row in info(name)["scores"]:
            rows.append(f"| [{name}]({name}/README.md) | {row['neurons']} ({row['count']}) | {_scores(row)}")
    head = "Scores on test images, as each preset's card says how measured. Written by `tools/publish_preset`."
    return "# Pretrained models\n\n" + head + "\n\n" + "\n".join(rows) + "\n"


def card(name, metadata):
    """The text of a preset's README.md.

    Args:
        name: of the preset.
        metadata: as `info` gives it. Each row of its `scores` is a dict of `protocol`, `seeds`, `neurons` (which), `count`,
            `correlation`, `cc_norm` and `fraction_near_limit` on test images, means over the seeds.

    Returns:
        Markdown.
    """
    recording, config = metadata["recording"], metadata["config"]
    height, width = metadata["image_size"]
    sessions = ", ".join(f"{session} ({count})" for session, count in metadata["sessions"].items())
    rows = [
        f"| {row['neurons']} ({row['count']}) | {_scores(row)}"
        for row in metadata["scores"]
    ]
    text = [
        f"# {name}",
        f"Predicts the rates of {sum(metadata['sessions'].values())} neurons of {recording.get('area', 'an area not stated')} "
        f"(species: {recording.get('species', 'not stated')}) from images of {height} x {width} pixels in the recording's own pixel "
        f"units. A rate is in {recording.get('units', 'the units of the responses')}.",
        f"```python\nimport v1keras\n\nmodel = v1keras.zoo.load({name!r})\nrates = model.predict(images)  "
        f"# images (n, {height}, {width}, 1)\n```",
        "## Trained on",
        f"- recording: {recording.get('name', 'not named')}; sessions (neurons): {sessions}",
        f"- source: {recording.get('source', 'not stated')}",
        f"- cite: {recording.get('citation', 'not stated')}",
        f"- terms: {recording.get('license', 'not stated')}",
        f"- split: protocol {config['data']['protocol']}, seed {config['data']['split_seed']}; its test images had no part in these weights",
        f"- parameters: {metadata['parameters']:,}",
        f"- command: `{metadata['command']}`",
        "## How good",
        f"On test images, means over neurons and seeds; the weights here are of protocol {config['data']['protocol']}, seed "
        f"{config['data']['split_seed']}. " + _LIMIT[metadata["ceiling"]],
        "| neurons | protocol, seeds | correlation | CC_norm | near the limit |\n|---|---|---|---|---|\n" + "\n".join(rows),
        f"Measured by: `{metadata['measured_by']}`",
        f"Written {metadata['written']} with v1keras {metadata['versions']['v1keras']}, Keras {metadata['versions']['keras']}.",
    ]
    return "\n\n".join(text).replace("\n\n- ", "\n- ").replace("## Trained on\n-", "## Trained on\n\n-") + "\n"


def _scores(row):
    seeds = ", ".join(map(str, row["seeds"]))
    limit = "none | none" if row["cc_norm"] is None else f"{row['cc_norm']:.3f} | {row['fraction_near_limit']:.0%}"
    return f"{row['protocol']}, {seeds} | {row['correlation']:.3f} | {limit} |"


def _zoo():
    return pathlib.Path(str(importlib.resources.files("v1keras.presets")))


def _own_digest(metadata):
    """sha256 of the metadata without the entry that holds it."""
    rest = metadata | {"sha256": {k: v for k, v in metadata["sha256"].items() if k != _METADATA}}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _refuse_foreign_classes(config, path):
    """Keras would import whatever class a file names; a preset needs none but Keras's and ours."""
    if isinstance(config, dict):
        if "class_name" in config:
            ours = str(config.get("registered_name")).startswith("v1keras>")
            if not ours and str(config.get("module")).split(".")[0] not in ("keras", "builtins"):
                raise ValueError(f"{path} names the class {config['class_name']!r} of {config.get('module')!r}; expected Keras or v1keras")
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            _refuse_foreign_classes(part, path)


def main(arguments):
    match arguments[1:]:
        case ["list"]:
            print("\n".join(names()))
        case ["show", name]:
            print((find(name) / _CARD).read_text(), end="")
        case _:
            raise ValueError(f"found {' '.join(arguments[1:]) or 'nothing to do'!r}; expected `list` or `show NAME`")


def run():
    command.run(main, words=True)


def _layers(path):
    """What a weights file holds: place of each layer -> its name and the shapes of its weights."""
    found = {}
    with h5py.File(path, "r") as file:

        def visit(place, group):
            if isinstance(group, h5py.Group) and "name" in group.attrs:
                shapes = [group[key].shape for key in sorted(group, key=int)]
                found[place.removesuffix("/vars")] = f"{group.attrs['name']!r} with weights {shapes}"

        file.visititems(visit)
    return found


if __name__ == "__main__":
    run()
