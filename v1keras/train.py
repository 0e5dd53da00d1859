r"""Trains an encoding model on a recording, and scores it.

    v1keras train --config=kindel2019_factorized --workdir=runs/kindel2019

`--config` is a configuration by name (those in configs/), a file, or left out for the
default. Any key of it (v1keras/config.py lists them) can be set, such as
--config.data.split_seed=3
"""

from absl import flags

from v1keras import cli
from v1keras.config_values import check_values
from v1keras.io.terminal import say


def main(_):
    values = flags.FLAGS
    check_values(values.config)
    for key in ("init_from", "freeze"):  # keys of the configuration, too
        if values[key].value is not None:
            values.config[key] = values[key].value
    typed = cli.flags_as_typed("--(config|init_from|freeze)")
    cli.start_tensorflow("training")
    import keras

    from v1keras.training import supervisor
    from v1keras.workflows import workdir
    from v1keras.workflows.check_words import cautions
    from v1keras.workflows.train import train_and_evaluate
    from v1keras.workflows.trust import score_checks

    if values.quiet:
        keras.config.disable_interactive_logging()
    training = values.config.training
    restarts = supervisor.supervise(training.strategy, training.cluster_timeout_s)
    try:
        _, scores = train_and_evaluate(
            values.config,
            values.workdir,
            values.resume or restarts > 0,
            values.overwrite and not restarts,
            command_line=f"python -m v1keras.train {typed} --workdir=WORKDIR",
            profile=values.profile,
        )
    except supervisor.WORKER_LOST_ERRORS as error:
        supervisor.request_restart(error)
    for line in (scores, *cautions(score_checks(scores))):
        say(line)
    say(f"report: {values.workdir}/{workdir.REPORT}")


def run():
    cli.define_config("config")
    flags.DEFINE_string("workdir", None, "Folder for all results.", required=True)
    flags.DEFINE_string(
        "init_from",
        None,
        "Preset or workdir whose core to start from; the same as --config.init_from.",
    )
    flags.DEFINE_enum(
        "freeze", None, ("core",), "Freezes that core; the same as --config.freeze."
    )
    flags.DEFINE_bool("resume", False, "Resume the run in the workdir.")
    flags.DEFINE_bool("overwrite", False, "Replace the run in the workdir.")
    flags.DEFINE_bool(
        "quiet",
        False,
        "No progress bar; the scores and the report's path are still printed.",
    )
    flags.DEFINE_integer(
        "profile",
        0,
        "Steps that TensorBoard shows under Profile and Graphs; 0 for none.",
    )
    cli.run(main)


if __name__ == "__main__":
    run()
