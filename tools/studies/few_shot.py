"""Measure what a trained core is worth for new neurons.

    .venv/bin/python -m tools.studies.few_shot

A session of kindel2019 is held out, a core is trained on the other nine, and readouts
for the held-out session's neurons are trained on that frozen core with 45, 90 and 180
images. They are compared with a network trained from scratch on the held-out session:
the same layers, images, split and number of steps, but its core is trained, too. Both
read either the last layer or all layers side by side, whichever has the higher
correlation on the validation images, which also stop the training. Whole photographs
are on one side of the split (protocol grouped), so that the core has not seen the test
images either. Writes docs/few_shot.json and docs/few_shot.md. Trainings are kept in
runs/few_shot; an interrupted run resumes.
"""

import json

import numpy as np

from tools.studies import ROOT
from v1keras import cli
from v1keras.config import resolve
from v1keras.io.atomic import atomic_write
from v1keras.io.quiet import quiet_start

with quiet_start():
    import keras

    from v1keras import zoo
    from v1keras.data import load_recording
    from v1keras.data.statistics import mean_responses
    from v1keras.evaluation import (
        SCORES,
        average_over_seeds,
        correlation,
        summarize,
    )
    from v1keras.models import FactorizedReadout
    from v1keras.models.v1_model import normalize_pixels
    from v1keras.training import Trainer, make_likelihood, make_strategy
    from v1keras.workflows.build import build_model, equalizing_weights
    from v1keras.workflows.fit import schedule_of
    from v1keras.workflows.score import score_by
    from v1keras.workflows.train import train_and_evaluate

_RUNS = ROOT / "runs" / "few_shot"
_SESSIONS, _SEEDS, _IMAGES = ("04", "05", "08", "10"), (0, 1), (45, 90, 180)
_LAYERS = ("last", "all")  # to choose from
_STEPS = 900  # for any number of images
_WAYS = {
    "frozen": "new readouts on the frozen core",
    "scratch": "a network trained from scratch",
}
_HEAD = (
    "| images | session (neurons) | correlation: frozen | scratch"
    " | CC_norm: frozen | scratch | gain |"
)


def core_without(recording, session, seed):
    """Return the core that the other sessions trained, with its pixel statistics."""
    folder = _RUNS / f"core-without-{session}-{seed}"
    others = folder.with_suffix(".h5")
    if not others.exists():
        recording.select_neurons(recording.neuron_session != session).save(others)
    config = resolve("kindel2019_factorized")
    config.update_from_flattened_dict(
        {"data.recording": str(others.relative_to(ROOT)), "data.protocol": "file"}
    )
    train_and_evaluate(config, folder, resume=True)
    model = zoo.load(folder)
    return model.core, (model.pixel_mean, model.pixel_std)


def with_fewer(recording, count, seed):
    """Return the recording with so many of its training images.

    Those of 45 are among those of 90.
    """
    split, train_images = recording.split.copy(), recording.indices("train")
    split[np.random.RandomState(seed).permutation(train_images)[count:]] = -1
    return recording.with_split(split)


def features_of(core, statistics, image_size, layers):
    """Return the model images in pixel units -> features of the last or all layers."""
    images = keras.Input((*image_size, 1))
    features = normalize_pixels(images, *statistics)
    by_layer = []
    for stages in core.stages_by_layer():
        for stage in stages:
            features = stage(features)
        by_layer.append(features)
    if layers == "all":
        features = keras.layers.Concatenate()(by_layer)
    return keras.Model(images, features)


def fresh_core(recording, config):
    """Return an untrained core, with its pixel statistics."""
    model = build_model(recording, config)
    return model.core, (model.pixel_mean, model.pixel_std)


def trained(recording, core, seed, layers):
    """Train readouts on a core, and score them.

    Args:
        recording: `Recording` of the session's neurons.
        core: Tuple of a frozen core and its pixel statistics; None to train one.
        seed: Integer, seed of the weights and of the order of the images.
        layers: "last" or "all", the layers that are read.

    Returns:
        Tuple of the validation score, and a dict of each neuron's scores on test
        images.
    """
    config = resolve("kindel2019_factorized")
    config.seed = seed
    count = len(recording.indices("train"))  # whole photographs make 180 only nearly
    config.training.max_epochs = round(_STEPS / (count // config.training.batch_size))
    statistics = core or fresh_core(recording, config)
    features = features_of(*statistics, recording.images.shape[1:], layers)
    keras.utils.set_random_seed(seed)
    readout = FactorizedReadout(recording.neuron_count, config.readout.l1, seed=seed)
    scaled = keras.layers.Identity()
    if layers == "all":  # layers differ in scale, and the penalty should not see it
        scaled = keras.layers.BatchNormalization(
            momentum=0.9, center=False, scale=False
        )
    if core:
        inputs = keras.Input(features.output_shape[1:])
        model = keras.Model(inputs, readout(scaled(inputs)))
    else:
        model = keras.Model(features.input, readout(scaled(features.output)))
    readout.initialize_rates(mean_responses(recording))
    trainer = _trainer(config.training, seed, model, recording)
    sides = []
    for side in ("train", "validation"):
        inputs, responses = recording.arrays(side)
        if core:
            inputs = features.predict(inputs, verbose=0)
        sides.append((inputs, responses))
    best_score = trainer.fit(*sides).best_score

    def rates(images):
        if core:
            images = features(images, training=False)
        return model(images, training=False)

    scores = score_by(config.evaluation, rates, [recording])
    return best_score, {name: scores.per_neuron[name] for name in SCORES}


def _trainer(config, seed, model, recording):
    _, responses = recording.arrays("train")
    return Trainer(
        model,
        keras.optimizers.Adam(config.learning_rate),
        make_likelihood(config.likelihood),
        correlation,
        make_strategy("one"),
        schedule_of(config, seed),
        equalizing_weights(responses, config.rate_weighting),
    )


def best(recording, core, seed, path):
    """Return the scores of the layers that validate best.

    They are kept in a file.

    Returns:
        Tuple of the scores, the layers' name, and the validation score of either.
    """
    if not path.exists():
        runs = [trained(recording, core, seed, layers) for layers in _LAYERS]
        validation = [score for score, _ in runs]
        chosen = int(np.argmax(validation))
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, chosen=chosen, validation=validation, **runs[chosen][1])
    with np.load(path) as file:
        scores = {name: file[name] for name in SCORES}
        validation = dict(zip(_LAYERS, file["validation"].tolist(), strict=True))
        return scores, _LAYERS[int(file["chosen"])], validation


def curve(session, seed):
    """Return a dict, number of images -> way -> what `best` returns."""
    recording = load_recording("kindel2019", "grouped", seed)
    core = core_without(recording, session, seed)
    session_part = recording.select_neurons(recording.neuron_session == session)
    results = {}
    for count in _IMAGES:
        fewer, results[count] = with_fewer(session_part, count, seed), {}
        for way in _WAYS:
            path = _RUNS / f"{way}-{session}-{seed}-{count}.npz"
            result = best(fewer, core if way == "frozen" else None, seed, path)
            results[count][way] = result
            mean = float(np.nanmean(result[0]["correlation"]))
            print(session, seed, count, way, result[1], mean, flush=True)
    return results


def averaged(curves, count):
    """Return way -> scores of one session, averaged over seeds."""
    average = {}
    for way in _WAYS:
        average[way] = average_over_seeds([runs[count][way][0] for runs in curves])
    return average


def summary(scores):
    """Return way -> summary over neurons, with the paired gain of the frozen core."""
    frozen, scratch = scores["frozen"], scores["scratch"]
    frozen["gain"] = frozen["correlation"] - scratch["correlation"]
    every = np.ones(len(frozen["gain"]), bool)
    return {way: summarize(columns, every) for way, columns in scores.items()}


def row(count, session, ways):
    """Return a line of the table."""
    values = [
        f"{ways[way][key]['mean']:.3f}"
        for key in ("correlation", "cc_norm")
        for way in _WAYS
    ]
    gain = ways["frozen"]["gain"]
    low, high = gain["interval"]
    return (
        f"| {count} | {session} ({ways['frozen']['neurons']}) | {' | '.join(values)} |"
        f" {gain['mean']:+.3f} [{low:+.3f}, {high:+.3f}] |"
    )


def page(lines):
    """Return the Markdown of the page."""
    study = __doc__.split("tools.studies.few_shot")[1].split("Writes")[0]
    seeds = ", ".join(map(str, _SEEDS))
    return f"""# A trained core for new neurons

{" ".join(study.split())}

Means over seeds {seeds}, then over the session's neurons; in brackets the 95 %
bootstrap interval, over neurons, of the paired gain in correlation. Frozen:
{_WAYS["frozen"]}; scratch: {_WAYS["scratch"]}. `few_shot.json` has the layers chosen.
Measured by `.venv/bin/python -m tools.studies.few_shot`.

{_HEAD}
|---|---|---|---|---|---|---|
""" + "\n".join(lines)


def main(_):
    _RUNS.mkdir(parents=True, exist_ok=True)
    runs = {session: [curve(session, seed) for seed in _SEEDS] for session in _SESSIONS}
    facts, lines = {}, []
    for count in _IMAGES:
        scores = {session: averaged(curves, count) for session, curves in runs.items()}
        scores["all"] = {
            way: {
                key: np.concatenate([scores[session][way][key] for session in runs])
                for key in SCORES
            }
            for way in _WAYS
        }
        for session, columns in scores.items():
            ways = summary(columns)
            for way in _WAYS if session in runs else ():
                ways[way]["layers"] = [
                    {"chosen": part[count][way][1], "validation": part[count][way][2]}
                    for part in runs[session]
                ]
            facts.setdefault(session, {})[count] = ways
            lines.append(row(count, session, ways))
    text = page(lines)
    files = {"few_shot.json": json.dumps(facts, indent=1), "few_shot.md": text}
    for name, content in files.items():
        with atomic_write(ROOT / "docs" / name) as path:
            path.write_text(content + "\n")
    print(text)


if __name__ == "__main__":
    cli.run(main)
