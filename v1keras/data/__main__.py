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

from absl import flags

from v1keras import cli
from v1keras.io.quiet import quiet_start

with quiet_start():
    from v1keras.data import (
        open_recording,
        shards,
        simulate_recording,
        sources,
        split_by_protocol,
    )
    from v1keras.data.sources import arrays
    from v1keras.workflows.describe import describe, plot

_USAGE = (
    "expected `list`, `convert DATASET --out=FILE`, `convert arrays --images=..."
    " --responses=... --out=FILE`, `simulate --out=FILE`, `info FILE`, `plot FILE"
    " --out=PAGE.html`, `split FILE --protocol=... --out=FILE` or `shard FILE"
    " --out=FOLDER`"
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
                lambda: split_by_protocol(
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
        " neurons/..., covariates/...",
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
