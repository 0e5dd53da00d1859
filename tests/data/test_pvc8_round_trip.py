"""A simulated population written as CRCNS publishes pvc-8, converted, trained and
evaluated: what the simulation itself gives.
"""

import json
import pathlib

import fake_datasets
import numpy as np
import pytest

from v1keras.data import Recording, simulate_recording

CONFIG = pathlib.Path(__file__).parents[2] / "configs" / "tiny.py"


def published(simulated, repeats, rng):
    """The raw session: each spike in a bin of its own, 50 to 155 ms after onset; spikes
    before and after that must not count.
    """
    count, _, neurons = repeats.shape
    session = fake_datasets.pvc8_session(
        units=neurons, images=np.full((956, 320, 320), 116, np.uint8)
    )
    session["INDCENT"][:] = 1
    train, blank = (
        np.zeros_like(session["resp_train"]),
        np.zeros_like(session["resp_train_blk"]),
    )
    train[..., 0:50:7], blank[..., 50::9] = 1, 1
    both = np.concatenate([train, blank], axis=3)
    for image, trial, neuron in np.ndindex(repeats.shape):
        spikes = int(repeats[image, trial, neuron])
        both[neuron, 2 * image, trial, 50 + rng.permutation(105)[:spikes]] = 1
        both[neuron, 2 * image + 1, trial, 50:150] = (
            1  # the large images get another answer
        )
    session["resp_train"], session["resp_train_blk"] = both[..., :105], both[..., 105:]
    for image in range(
        count
    ):  # every second pixel of the central 66 is what the neurons were simulated on
        picture = session["images"][2 * image, 0].copy()
        picture[127:193:2, 127:193:2] = simulated.images[image]
        session["images"][2 * image, 0] = picture
    return session


@pytest.mark.slow
def test_population_in_the_raw_format_scores_as_the_simulation(tmp_path, command):
    simulated = simulate_recording(
        1, 270, neurons_per_kind=1, image_size=33, repeats=20
    )
    simulated = Recording(
        simulated.images[1:],
        simulated.repeats.mean(axis=1),
        repeats=simulated.repeats,
        repeat_images=np.arange(270),
        attributes=simulated.attributes | {"window_s": 0.105},
    )
    simulated.save(tmp_path / "direct.h5")
    fake_datasets.matlab_5(
        tmp_path / "pvc8" / "01.mat",
        published(simulated, simulated.repeats, np.random.default_rng(0)),
    )
    converted = command(
        "data",
        "convert",
        "pvc8",
        f"--path={tmp_path / 'pvc8'}",
        f"--out={tmp_path / 'converted.h5'}",
    )
    assert converted.returncode == 0, converted.stderr
    reopened = Recording.load(tmp_path / "converted.h5")
    np.testing.assert_array_equal(reopened.images, simulated.images)
    np.testing.assert_array_equal(reopened.repeats, simulated.repeats)
    scores = {}
    for name in ("direct", "converted"):
        line = [
            f"--config={CONFIG}",
            f"--config.data.recording={tmp_path / name}.h5",
            f"--workdir={tmp_path / name}",
            "--config.data.protocol=paper",
        ]
        trained = command("train", *line)
        assert trained.returncode == 0, trained.stderr
        evaluated = command(
            "evaluate",
            f"--model={tmp_path / name}",
            f"--out={tmp_path / name / 'again'}",
        )
        assert evaluated.returncode == 0, evaluated.stderr
        scores[name] = json.loads(
            (tmp_path / name / "again" / "metrics.json").read_text()
        )
    assert scores["direct"]["ceiling"] == "repeats"
    direct, read = (
        scores[name]["groups"]["reported"]["cc_norm"]
        for name in ("direct", "converted")
    )
    # The images of the raw format are in groups, which are drawn anew together.
    for score in (direct, read):
        assert score.pop("interval") is not None
    assert read == direct and np.isfinite(read["mean"])
