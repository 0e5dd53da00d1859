r"""Makes, describes and divides recordings.

python -m v1keras.data list
python -m v1keras.data convert kindel2019 --out=kindel2019.h5
python -m v1keras.data convert pvc8 --path=crcns/pvc-8 --out=pvc8.h5
python -m v1keras.data convert arrays --images=images.npy \
    --responses=counts.mat:y --attribute=window_s=0.1 --out=mine.h5
python -m v1keras.data simulate --out=simulated.h5
python -m v1keras.data info kindel2019.h5
python -m v1keras.data plot kindel2019.h5 --out=kindel2019.html
python -m v1keras.data split kindel2019.h5 --protocol=grouped --seed=1 --out=divided.h5
python -m v1keras.data shard large.h5 --out=large
"""

import numpy as np
from absl import flags

from v1keras import cli, report
from v1keras.data import (
    apply_protocol,
    open_recording,
    quality,
    shards,
    simulate_recording,
    sources,
)
from v1keras.data.recording import SPLITS
from v1keras.data.sources import arrays
from v1keras.evaluation import estimate_ceiling
from v1keras.report import figures, recording_page

_USAGE = (
    "expected `list`, `convert DATASET --out=FILE`, `convert arrays --images=..."
    " --responses=... --out=FILE`, `simulate --out=FILE`, `info FILE`, `plot FILE"
    " --out=PAGE.html`, `split FILE --protocol=... --out=FILE` or `shard FILE"
    " --out=FOLDER`"
)


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
        f"neurons: {recording.neuron_count} ({int(recording.reported.sum())} reported)",
        (
            f"responses: mean {np.nanmean(recording.responses):.3f},"
            f" {np.isnan(recording.responses).mean():.1%} missing"
        ),
    ]
    if recording.hertz is not None:
        lines.append(f"rates: {_spread(recording.hertz)} Hz")
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
    for group in ("neurons", "stimuli"):
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
    hertz = recording.hertz
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


def main(arguments):
    values = flags.FLAGS
    match arguments[1:]:
        case ["list"]:
            print(
                "\n".join(
                    [
                        *sources.SOURCES,
                        "arrays (your own files, by --images, --responses, ...)",
                    ]
                )
            )
        case ["info", path]:
            print(describe(open_recording(path)))
        case ["plot", path]:
            out = _out("page (.html)")
            plot(open_recording(path), out)
            print(f"written: {out}")
        case ["split", path]:
            parts = [float(part) for part in values.parts]
            _write(
                lambda: apply_protocol(
                    open_recording(path), values.protocol, values.seed, parts
                )
            )
        case ["shard", path]:
            out = _out("folder")
            shards.write(open_recording(path), out)
            print(f"{out}: --config.data.recording={out} trains on it")
        case ["convert", "arrays"]:
            if not values.images:
                raise ValueError(
                    "no --images=FILE: name the images, and the responses to them"
                )
            columns, attributes = (
                _pairs(values.column, "column"),
                _pairs(values.attribute, "attribute"),
            )
            _write(
                lambda: arrays.read(
                    values.images,
                    values.responses,
                    values.repeats,
                    values.repeat_images,
                    columns,
                    attributes,
                )
            )
        case ["convert", name]:
            _write(lambda: sources.read(name, values.path))
        case ["simulate"]:
            _write(
                lambda: simulate_recording(
                    values.train_images,
                    values.test_images,
                    values.neurons_per_kind,
                    values.image_size,
                    seed=values.seed,
                )
            )
        case _:
            raise ValueError(
                f"found {' '.join(arguments[1:]) or 'nothing to do'!r}; {_USAGE}"
            )


def _pairs(texts, flag):
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise ValueError(f"--{flag}={wrong[0]}: expected --{flag}=NAME=VALUE")
    return dict(text.split("=", 1) for text in texts)


def _out(what):
    if not flags.FLAGS.out:
        raise ValueError(f"no --out=FILE: name the {what} to write")
    return flags.FLAGS.out


def _write(make):
    path = _out("HDF5 file")
    recording = make()
    recording.save(path)
    print(f"{path}: {len(recording.images)} images, {recording.neuron_count} neurons")


def run():
    flags.DEFINE_string(
        "out",
        None,
        "What to write: HDF5 (convert, simulate, split), HTML (plot) or a folder"
        " (shard).",
    )
    flags.DEFINE_string(
        "path",
        None,
        "The publisher's file or folder (convert); else what V1KERAS_DATA names, or a"
        " download.",
    )
    flags.DEFINE_string(
        "images",
        None,
        "convert arrays: file.npy, file.npz:key, file.mat:variable, or a folder of grey"
        " pictures.",
    )
    flags.DEFINE_string(
        "responses", None, "convert arrays: (n, neurons) mean responses; also file.csv."
    )
    flags.DEFINE_string(
        "repeats",
        None,
        "convert arrays: (images, repeats, neurons) single presentations.",
    )
    flags.DEFINE_string(
        "repeat_images",
        None,
        "convert arrays: which image, counted from 0, each entry of --repeats is of;"
        " all where left out.",
    )
    flags.DEFINE_multi_string(
        "column",
        [],
        "convert arrays: NAME=FILE, NAME one of split, image_group, neuron_session,"
        " neurons/..., stimuli/...",
    )
    flags.DEFINE_multi_string(
        "attribute",
        [],
        "convert arrays: NAME=VALUE, such as units=dF/F, window_s=0.1 or"
        " presentations=20.",
    )
    flags.DEFINE_enum(
        "protocol",
        "grouped",
        ("paper", "grouped"),
        "How split draws: images, or groups of images.",
    )
    flags.DEFINE_list(
        "parts",
        ["180", "52", "38"],
        "What split draws: train, test and validation, in proportion.",
    )
    flags.DEFINE_integer("seed", 0, "Seed of the simulation or of the split.")
    flags.DEFINE_integer("train_images", 2000, "Images the simulation shows once.")
    flags.DEFINE_integer("test_images", 100, "Images the simulation repeats.")
    flags.DEFINE_integer("neurons_per_kind", 12, "Simulated neurons of each kind.")
    flags.DEFINE_integer("image_size", 32, "Pixels a side of the simulated images.")
    cli.run(main, words=True)


if __name__ == "__main__":
    run()
