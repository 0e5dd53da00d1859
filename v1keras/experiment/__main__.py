r"""Take a model back to the animal: design an experiment, and judge its outcome.

    v1keras experiment design --model=runs/mine --gamma=2.2 --width_cm=53 \
        --distance_cm=57 --degrees=4 --out=runs/set
    v1keras experiment analyze runs/set --responses=counts.npy --out=runs/outcome

`design` chooses neurons and writes what to show them: image files of the whole screen,
the order of presentations (presentations.csv, and conditions.csv for PsychoPy), the
rates that the model predicts, a manifest with the hash of every file, and a page.
`analyze` compares the responses of the second day with these predictions: neurons.csv,
outcome.json and a page.

A simulated animal, to try it on:

    v1keras experiment simulate --seed=1 --out=runs/day_one.h5
    v1keras experiment show runs/set --recording=runs/day_one.h5 \
        --out=runs/day_two.h5
"""

import importlib

from absl import flags

from v1keras import cli
from v1keras.io.terminal import say
from v1keras.workflows.experiment_flags import define_flags

_USES = (
    "`design --model=NAME --out=FOLDER`, `analyze SET --responses=FILE --out=FOLDER`,"
    " `simulate --out=FILE` or `show SET --recording=FILE --out=FILE`"
)


def main(arguments):
    values = flags.FLAGS
    match arguments[1:]:
        case ["design"] if values.out:
            say(_workflow("design_to_folder").design_to_folder(values, values.out))
        case ["analyze", folder] if values.out:
            day = values.recording, values.responses
            analyze_to_folder = _workflow("analyze_to_folder").analyze_to_folder
            say(analyze_to_folder(folder, values.out, *day, values.seed))
        case ["simulate"] if values.out:
            say(_workflow("animal").simulate_animal(values, values.out))
        case ["show", folder] if values.out:
            say(_workflow("animal").show_set(values, folder, values.out))
        case words:
            received = " ".join(words) or "nothing to do"
            raise ValueError(f"found {received!r}; expected {_USES}")


def _workflow(name):
    """Import a workflow, and with it TensorFlow."""
    cli.start_tensorflow("an experiment")
    return importlib.import_module(f"v1keras.workflows.{name}")


def run():
    define_flags()
    cli.run(main, words=True)


if __name__ == "__main__":
    run()
