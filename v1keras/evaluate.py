r"""Scores a trained model on a recording.

    python -m v1keras.evaluate --model=kindel2019_factorized --recording=kindel2019 \
        --out=scores

`--model` is a preset by name, its folder, or a workdir; its recording and its split are
taken where nothing else is said. For a preset of several recordings, `--recording`
picks the readout by the recording's name; several, comma separated, are scored one by
one and together. Prints a table, and writes metrics.json (groups of neurons),
neurons.csv (each neuron) and report.html (both with figures).
"""

import pathlib

from absl import flags

from v1keras import cli
from v1keras.io.quiet import quiet_start
from v1keras.io.terminal import say

cli.require_tensorflow("evaluation")
with quiet_start():
    from v1keras.io.output import check_outputs, output_folder
    from v1keras.workflows import workdir
    from v1keras.workflows.model_report import (
        history_of,
        validation_of,
        write_model_report,
    )
    from v1keras.workflows.reopen import open_models
    from v1keras.workflows.score import score_by, session_of

_FILES = (workdir.METRICS, workdir.NEURONS, workdir.REPORT)


def main(_):
    values = flags.FLAGS
    check_outputs(values.out, _FILES)
    model, metadata, recordings = open_models(values.model, values.recording)
    settings = metadata["config"]["evaluation"]
    # With --out=WORKDIR this writes the files of the training again.
    with output_folder(values.out, _FILES) as parts:
        scores = score_by(settings, model, recordings, values.split)
        scores.save(parts, **validation_of(values.model))
        write_model_report(
            parts / workdir.REPORT,
            session_of(model, recordings[0]),
            recordings[0],
            metadata,
            history_of(values.model),
            scores,
        )
    say(scores)
    page = pathlib.Path(values.out) / workdir.REPORT
    say(f"report: {page}; written beside it: metrics.json, neurons.csv")


def run():
    flags.DEFINE_string(
        "model",
        None,
        "Preset by name, its folder, or the workdir of a training.",
        required=True,
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
    cli.run(main)


if __name__ == "__main__":
    run()
