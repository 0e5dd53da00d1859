r"""Scores a trained model on a recording.

    v1keras evaluate --model=kindel2019_factorized --recording=kindel2019 \
        --out=scores

`--model` is a preset by name, its folder, or a workdir; its recording and its split are
taken where nothing else is said. For a preset of several recordings, `--recording`
picks the readout by the recording's name; several, comma separated, are scored one by
one and together. Prints a table, and writes metrics.json (groups of neurons),
neurons.csv (each neuron) and report.html (both with figures). Several models, comma
separated, make one table. `--against` names a model of the same neurons and images, and
states and draws the paired difference to it.
"""

import pathlib

from absl import flags

from v1keras import cli
from v1keras.io.terminal import say


def main(_):
    cli.start_tensorflow("evaluation")
    from v1keras.workflows.evaluate import evaluate

    values = flags.FLAGS
    names = [values.model]
    if not pathlib.Path(values.model).exists():  # whose own name may have commas
        names = list(dict.fromkeys(values.model.split(",")))
    say(
        evaluate(
            names,
            values.recording,
            values.split,
            values.out,
            values.against,
            values.figures,
        )
    )


def run():
    flags.DEFINE_string(
        "model",
        None,
        "Preset by name, its folder, or the workdir of a training; or several.",
        required=True,
    )
    flags.DEFINE_string(
        "against", None, "Model of the same neurons to subtract, as --model names it."
    )
    flags.DEFINE_string(
        "recording",
        None,
        "HDF5 file or public dataset, or several; the model's own where left out.",
    )
    flags.DEFINE_enum(
        "split", "test", ("train", "validation", "test"), "Images to score."
    )
    flags.DEFINE_string(
        "out", ".", "Folder to write metrics.json, neurons.csv and report.html to."
    )
    cli.define_figures()
    cli.run(main)


if __name__ == "__main__":
    run()
