r"""Search the configuration that predicts best, by validation scores alone.

    v1keras tune --config=kindel2019_factorized --space=space.json \
        --workdir=runs/study --trials=50

`--space` is a JSON file: key of a configuration -> its range or its choices, such as
{"readout.l1": {"low": 1e-3, "high": 0.1, "log": true}, "core.filters": {"choices":
[[16, 16, 16], [32, 32, 32]]}}. What it does not name is as `--config` says. Started
again, the study goes on; started several times at once, on machines that see the same
--workdir, the processes share its trials. Writes best.py, which `train --config=`
takes, and study.html. `tensorboard --logdir=runs/study/trials` shows the trials.
"""

from absl import flags

from v1keras import cli
from v1keras.io.terminal import say


def main(_):
    values = flags.FLAGS
    cli.start_tensorflow("training")
    import keras

    from v1keras.workflows.tune import tune

    keras.config.disable_interactive_logging()
    say(
        tune(
            values.config,
            values.space,
            values.workdir,
            values.trials,
            values.storage,
            values.study,
        )
    )


def run():
    cli.define_config("config")
    flags.DEFINE_string("space", None, "JSON file: what is searched.", required=True)
    flags.DEFINE_string("workdir", None, "Folder of the study.", required=True)
    flags.DEFINE_integer(
        "trials", 20, "Number of trials, of all processes together.", 1
    )
    flags.DEFINE_string(
        "storage",
        None,
        "Database of the trials, such as postgresql://user@host/studies; a SQLite file"
        " in the workdir where left out.",
    )
    flags.DEFINE_string(
        "study", None, "Name of the study in the database; the workdir's if left out."
    )
    cli.run(main)


if __name__ == "__main__":
    run()
