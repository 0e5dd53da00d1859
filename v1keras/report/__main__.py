"""Writes the page of a finished training anew.

    python -m v1keras.report runs/kindel2019

The folder is the workdir of a training; the page is its report.html. Its recording must
be where the training found it.
"""

import pathlib

from absl import flags

from v1keras import cli
from v1keras.workflows import pages, workdir
from v1keras.workflows.reopen import open_models
from v1keras.workflows.score import score_by, session_of


def main(arguments):
    if len(arguments) != 2:
        raise ValueError("expected one folder: python -m v1keras.report WORKDIR")
    folder = pathlib.Path(arguments[1])
    if not (folder / workdir.CONFIG).exists():
        raise FileNotFoundError(
            f"{folder} is no workdir: it has no {workdir.CONFIG}; name the --workdir of"
            " a finished training"
        )
    model, facts, recordings = open_models(folder, flags.FLAGS.recording)
    scores = score_by(facts["config"]["evaluation"], model, recordings)
    path = folder / workdir.REPORT
    pages.write_model_page(
        path,
        session_of(model, recordings[0]),
        recordings[0],
        facts,
        pages.history_of(folder),
        scores,
    )
    print(f"report: {path}")


def run():
    flags.DEFINE_string(
        "recording",
        None,
        "HDF5 file or public dataset, or some; the model's own where left out.",
    )
    cli.run(main, words=True)


if __name__ == "__main__":
    run()
