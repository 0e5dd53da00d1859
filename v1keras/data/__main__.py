"""Makes and describes recordings.

    python -m v1keras.data list
    python -m v1keras.data convert kindel2019 --out=kindel2019.h5
    python -m v1keras.data simulate --out=simulated.h5
    python -m v1keras.data info kindel2019.h5
"""

import numpy as np
from absl import flags

from v1keras import command
from v1keras.data import open_recording, simulate_recording, sources
from v1keras.data.recording import SPLITS

_USAGE = "expected `list`, `convert DATASET --out=FILE`, `simulate --out=FILE` or `info FILE`"


def describe(recording):
    """A few lines that say what a recording holds."""
    known = [f"{key}: {value}" for key, value in recording.attributes.items()]
    sides = {name: int((recording.split == side).sum()) for name, side in SPLITS.items()}
    lines = [
        *known,
        f"images: {recording.images.shape}, {recording.images.dtype}, {recording.images.min()} to {recording.images.max()}",
        f"split: {', '.join(f'{count} {name}' for name, count in sides.items())}",
        f"neurons: {recording.neuron_count} ({int(recording.reported.sum())} reported)",
        f"responses: mean {np.nanmean(recording.responses):.3f}, {np.isnan(recording.responses).mean():.1%} missing",
    ]
    if recording.repeats is not None:
        lines.append(f"repeats: {recording.repeats.shape[1]} of {len(recording.repeats)} images")
    if recording.neuron_session is not None:
        sessions, counts = np.unique(recording.neuron_session, return_counts=True)
        lines.append("sessions: " + ", ".join(f"{s} ({c})" for s, c in zip(sessions, counts, strict=True)))
    for name, column in recording.neurons.items():
        lines.append(f"neurons/{name}: {column.shape}, {column.dtype}")
    return "\n".join(lines)


def main(arguments):
    values = flags.FLAGS
    match arguments[1:]:
        case ["list"]:
            print("\n".join(sources.SOURCES))
        case ["info", path]:
            print(describe(open_recording(path)))
        case ["convert", name]:
            _write(lambda: sources.read(name))
        case ["simulate"]:
            _write(
                lambda: simulate_recording(
                    values.train_images, values.test_images, values.neurons_per_kind, values.image_size, seed=values.seed
                )
            )
        case _:
            raise ValueError(f"found {' '.join(arguments[1:]) or 'nothing to do'!r}; {_USAGE}")


def _write(make):
    path = flags.FLAGS.out
    if not path:
        raise ValueError("no --out=FILE: name the HDF5 file to write")
    recording = make()
    recording.save(path)
    print(f"{path}: {len(recording.images)} images, {recording.neuron_count} neurons")


def run():
    flags.DEFINE_string("out", None, "HDF5 file to write (convert, simulate).")
    flags.DEFINE_integer("seed", 0, "Seed of the simulation.")
    flags.DEFINE_integer("train_images", 2000, "Images the simulation shows once.")
    flags.DEFINE_integer("test_images", 100, "Images the simulation repeats.")
    flags.DEFINE_integer("neurons_per_kind", 12, "Simulated neurons of each kind.")
    flags.DEFINE_integer("image_size", 32, "Pixels a side of the simulated images.")
    command.run(main, words=True)


if __name__ == "__main__":
    run()
