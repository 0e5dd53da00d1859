r"""Synthesize the stimulus that each neuron of a trained model prefers.

    v1keras invert --model=kindel2019_factorized --neurons=near-limit \
        --out=stimuli

A model with covariates is inverted at their means over the training images.

The command writes stimuli.h5 (stimuli in pixel units, their rates, gradient fields),
cells.csv (class, fits, tuning and controls of each cell), report.html, gallery.png,
tuning.png, and the same pictures for TensorBoard.
"""

import pathlib

from absl import flags

from v1keras import cli
from v1keras.io.terminal import say

# Those of `v1keras.workflows.invert`, which would import TensorFlow to be asked.
_PARAMETRIZATIONS = ("pixels", "fourier")
_OPTIONS = ("steps", "blur", "seed", "restarts", "images", "jitter")


def main(_):
    cli.start_tensorflow("inversion")
    from v1keras.workflows.invert_to_folder import invert_to_folder

    values = flags.FLAGS
    cells, cautions, files = invert_to_folder(
        values.model,
        values.out,
        values.neurons,
        values.recording,
        values.judges,
        values.resume,
        values.contrast_norm,
        values.figures,
        **{name: getattr(values, name) for name in _OPTIONS},
    )
    say("\n".join([str(cells), *cautions]))
    page = pathlib.Path(values.out) / "report.html"
    say(
        f"report: {page}; written beside it: stimuli.h5, cells.csv,"
        f" {', '.join(files[1:])}, tensorboard/"
    )


def run():
    text, number = flags.DEFINE_string, flags.DEFINE_integer
    text("model", None, "Preset by name or folder, or a workdir.", required=True)
    text("recording", None, "HDF5 file or public dataset; default: the model's own.")
    text("neurons", "near-limit", "all, near-limit (by scores.near_limit), or 0,3,7.")
    text("out", None, "Folder to write to.", required=True)
    number("steps", 300, "Steps of the ascent, at most.")
    number("restarts", 2, "Starts from noise; more if they disagree.")
    flags.DEFINE_enum("images", "pixels", _PARAMETRIZATIONS, "What a step changes.")
    smoothing = "Width of the gradient's smoothing at the first step, in pixels."
    flags.DEFINE_float("blur", 1.0, smoothing)
    number("jitter", 0, "Pixels of the random shift in each step.")
    norm = "Norm of a stimulus around grey, in pixel units; default: derived."
    flags.DEFINE_float("contrast_norm", None, norm)
    number("seed", 0, "Seed of the noise to start from.")
    judges = "Other models of the same neurons; halves of an ensemble judge each other."
    flags.DEFINE_list("judges", [], judges)
    chunks = "Use the chunks that an interrupted run of the same options has finished."
    flags.DEFINE_bool("resume", False, chunks)
    cli.define_figures()
    cli.run(main)


if __name__ == "__main__":
    run()
