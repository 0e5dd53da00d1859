"""Finds, checks, uses and publishes presets.

    python -m v1keras.zoo list
    python -m v1keras.zoo show kindel2019_factorized
    python -m v1keras.zoo verify  # all presets, or those named
    python -m v1keras.zoo verify kindel2019_factorized --scores  # scores, too
    python -m v1keras.zoo predict kindel2019_factorized a.png b.npy > rates.csv
    python -m v1keras.zoo add runs/kindel2019 --name=kindel2019_factorized
    python -m v1keras.zoo time  # latencies for the cards; all presets, or those named

What `add` and `time` write goes into the checkout's zoo/.
"""

import csv
import sys

from absl import flags

from v1keras import cli, zoo
from v1keras.io.quiet import quiet_start
from v1keras.zoo.catalog import CARD, remote


def show_list():
    rows = [("preset", "recording", "neurons", "correlation", "CC_norm")]
    for name in zoo.names():
        metadata = zoo.info(name)
        best = metadata["scores"][0]
        limit = "none" if best["cc_norm"] is None else f"{best['cc_norm']:.3f}"
        rows.append(
            (
                name,
                metadata["recording"].get("name", ""),
                str(best["count"]),
                f"{best['correlation']:.3f}",
                limit,
            )
        )
    rows += [(name, "fetched when first loaded", "", "", "") for name in remote()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(
                cell.ljust(width) for cell, width in zip(row, widths, strict=True)
            ).rstrip()
        )


def each(names, work):
    failures = []
    for name in names:
        try:
            print(work(name), flush=True)
        except (ValueError, OSError) as error:
            failures.append(str(error))
    if failures:
        raise ValueError(
            f"{len(failures)} of {len(names)} presets failed: " + "; ".join(failures)
        )


def predict(name, paths):
    with quiet_start():
        from v1keras.zoo.preset import rates_of

    metadata = zoo.info(name)
    images = [
        (path, zoo.read_images(path, metadata)) for path in paths
    ]  # what can't be read is told before anything is printed
    model = zoo.load(name).without_covariates()
    writer = None
    for path, batch in images:
        for i in range(len(batch)):
            rates = rates_of(
                lambda image: model(image, training=False), batch[i : i + 1]
            )
            if writer is None:
                heads = {
                    output: output if len(rates) > 1 else "neuron" for output in rates
                }
                writer = csv.writer(sys.stdout, lineterminator="\n")
                writer.writerow(
                    [
                        "image",
                        *(
                            f"{heads[output]}_{n}"
                            for output, found in rates.items()
                            for n in range(found.shape[1])
                        ),
                    ]
                )
            label = f"{path}[{i}]" if len(batch) > 1 else path
            writer.writerow(
                [
                    label,
                    *(f"{rate:.6g}" for found in rates.values() for rate in found[0]),
                ]
            )


def main(arguments):
    values = flags.FLAGS
    match arguments[1:]:
        case ["list"]:
            show_list()
        case ["show", name]:
            print((zoo.find(name) / CARD).read_text(), end="")
        case ["verify", *names]:
            with quiet_start():
                from v1keras.workflows import publish

            each(names or zoo.names(), lambda name: publish.verify(name, values.scores))
        case ["time", *names]:
            with quiet_start():
                from v1keras.workflows import publish

            each(names or zoo.names(), publish.retime)
        case ["predict", name, path, *paths]:
            predict(name, [path, *paths])
        case ["add", workdir] if values.name:
            with quiet_start():
                from v1keras.workflows import publish

            publish.add(workdir, values.name)
            print(f"written: {zoo.find(values.name)}")
        case _:
            expected = (
                "`list`, `show NAME`, `verify [NAME...] [--scores]`, `predict NAME"
                " IMAGES...`, `add WORKDIR --name=NAME` "
            )
            expected += "or `time [NAME...]`"
            raise ValueError(
                f"found {' '.join(arguments[1:]) or 'nothing to do'!r}; expected"
                f" {expected}"
            )


def run():
    flags.DEFINE_bool(
        "scores",
        False,
        "With verify: measure the scores again, on the recording that the preset"
        " names.",
    )
    flags.DEFINE_string("name", None, "With add: of the preset, <dataset>_<readout>.")
    cli.run(main, words=True)


if __name__ == "__main__":
    run()
