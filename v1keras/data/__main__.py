"""Makes and describes recordings.

    python -m v1keras.data convert kindel2019 --out=kindel2019.h5
    python -m v1keras.data simulate --out=simulated.h5
    python -m v1keras.data info kindel2019.h5
"""

import numpy as np
from absl import flags

from v1keras import command
from v1keras.data import Recording, simulate_recording, sources
from v1keras.data.recording import SPLITS

_OUT = flags.DEFINE_string("out", None, "HDF5 file to write (convert, simulate).")
_SEED = flags.DEFINE_integer("seed", 0, "Seed of the simulation.")
_TRAIN = flags.DEFINE_integer("train_images", 2000, "Images the simulation shows once.")
_TEST = flags.DEFINE_integer("test_images", 100, "Images the simulation repeats.")
_NEURONS = flags.DEFINE_integer("neurons_per_kind", 12, "Simulated neurons of each kind.")
_USAGE = "expected `convert DATASET --out=FILE`, `simulate --out=FILE` or `info FILE`"


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
    match arguments[1:]:
        case ["info", path]:
            print(describe(Recording.load(path)))
            return
        case ["convert", name]:
            make = lambda: sources.read(name)  # noqa: E731
        case ["simulate"]:
            make = lambda: simulate_recording(_TRAIN.value, _TEST.value, _NEURONS.value, seed=_SEED.value)  # noqa: E731
        case _:
            raise ValueError(f"found {' '.join(arguments[1:]) or 'nothing to do'!r}; {_USAGE}")
    if not _OUT.value:
        raise ValueError("no --out=FILE: name the HDF5 file to write")
    recording = make()
    recording.save(_OUT.value)
    print(f"{_OUT.value}: {len(recording.images)} images, {recording.neuron_count} neurons")


def run():
    command.run(main)


if __name__ == "__main__":
    run()
