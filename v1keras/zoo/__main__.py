"""Find, check, use and publish presets.

v1keras zoo list
v1keras zoo show kindel2019_factorized
v1keras zoo verify kindel2019_factorized --scores  # all without a name
v1keras zoo predict kindel2019_factorized a.png b.npy > rates.csv
v1keras zoo add runs/kindel2019 --name=kindel2019_factorized  # to zoo/
v1keras zoo time  # latencies for the cards; all presets, or those named
v1keras zoo publish runs/kindel2019 --to=hf://OWNER/NAME  # on the hub
"""

import importlib

from absl import flags

from v1keras import cli, zoo
from v1keras.io.quiet import quiet_start
from v1keras.io.terminal import say
from v1keras.zoo.card import listing
from v1keras.zoo.layout import CARD

_USES = (
    "`list`, `show NAME`, `verify [NAME...] [--scores]`, `predict NAME IMAGES...`, `add"
    " WORKDIR --name=NAME`, `time [NAME...]` or `publish NAME --to=hf://OWNER/NAME`"
)


def main(arguments):
    values = flags.FLAGS
    match arguments[1:]:
        case ["list"]:
            say(listing())
        case ["show", name]:
            say((zoo.find(name) / CARD).read_text("utf-8").rstrip("\n"))
        case ["verify", *names]:
            verify = _workflow("publish").verify
            _for_all(names, lambda name: verify(name, values.scores))
        case ["time", *names]:
            _for_all(names, _workflow("latency").remeasure_latency)
        case ["predict", name, path, *paths]:
            _workflow("predict").predict(name, [path, *paths])
        case ["add", workdir] if values.name:
            _workflow("publish").add(workdir, values.name, half=values.half)
            say(f"written: {zoo.find(values.name)}")
        case ["publish", name] if values.to:
            say(f"published: {zoo.publish(name, values.to)}")
        case words:
            received = " ".join(words) or "nothing to do"
            raise ValueError(f"found {received!r}; expected {_USES}")


def _workflow(name):
    with quiet_start():
        return importlib.import_module(f"v1keras.workflows.{name}")


def _for_all(names, work):
    """Print what `work` returns for each preset; fail at the end if any failed."""
    names, failures = names or zoo.names(), []
    for name in names:
        try:
            say(work(name))
        except (ValueError, OSError) as error:
            failures.append(str(error))
    if failures:
        raise ValueError(
            f"{len(failures)} of {len(names)} presets failed: " + "; ".join(failures)
        )


def run():
    flags.DEFINE_bool("scores", False, "With verify: measure the scores again, too.")
    flags.DEFINE_bool("half", False, "With add: store weights in half precision.")
    flags.DEFINE_string("name", None, "With add: name, <dataset>_<readout>.")
    flags.DEFINE_string("to", None, "With publish: hf://OWNER/NAME.")
    cli.run(main, words=True)


if __name__ == "__main__":
    run()
