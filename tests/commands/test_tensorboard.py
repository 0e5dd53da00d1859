"""What a training writes for TensorBoard."""

import json

import h5py
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from v1keras.workflows import workdir


def test_tensorboard_shows_the_training(tiny):
    events = EventAccumulator(
        str(tiny.workdir / workdir.TENSORBOARD / "member_0"),
        size_guidance={"tensors": 0},
    ).Reload()
    scalars = [
        "training/loss",
        "scores/validation_correlation",
        "training/learning_rate",
        "training_speed/images_per_second",
    ]
    others = [
        "configuration",
        "scores/best_validation_correlation",
        "scores/validation_correlation_of_neurons",
        "scores/test_correlation",
        "scores/test_cc_norm",
        "filters/first_layer",
    ]
    others.append(metadata.SESSION_START_INFO_TAG)  # of HParams
    assert sorted(events.Tags()["tensors"]) == sorted(scalars + others)
    values = {
        tag: [
            float(np.frombuffer(e.tensor_proto.tensor_content, "<f4")[0])
            for e in events.Tensors(tag)
        ]
        for tag in scalars
    }
    assert [e.step for e in events.Tensors("training/loss")] == [1, 2, 3]
    assert np.isfinite(values["training/loss"]).all()
    assert min(values["training_speed/images_per_second"]) > 0
    assert values["training/learning_rate"] == pytest.approx([3e-3] * 3)
    with h5py.File(
        tiny.workdir / f"{workdir.CHECKPOINTS}/member_0/000000000012.h5"
    ) as file:
        progress = json.loads(file["facts"].asstr()[()])
    assert progress["best_score"] == pytest.approx(
        max(values["scores/validation_correlation"]), abs=1e-6
    )
    text = events.Tensors("configuration")[0].tensor_proto.string_val[0].decode()
    assert '"training.max_epochs": 3' in text and str(tiny.recording) in text
    (best,) = events.Tensors("scores/best_validation_correlation")
    assert best.step == 3
    assert tf.make_ndarray(best.tensor_proto) == pytest.approx(
        progress["best_score"], abs=1e-6
    )
    session_start = metadata.parse_session_start_info_plugin_data(
        events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    )
    assert session_start.group_name == f"{tiny.workdir.name}/member_0"
    metrics = json.loads((tiny.workdir / "metrics.json").read_text())
    reported = metrics["groups"]["reported"]
    for name in ("correlation", "cc_norm"):
        (mean,) = events.Tensors(f"scores/test_{name}")
        expected = pytest.approx(reported[name]["mean"], abs=1e-6)
        assert tf.make_ndarray(mean.tensor_proto) == expected
    assert session_start.hparams["training.max_epochs"].number_value == 3
    assert session_start.hparams["core.filters"].string_value == "(4, 4)"


@pytest.mark.slow
@pytest.mark.parametrize("steps", [2, 1000])
def test_a_profile_is_written_where_it_is_asked_for(tiny, command, tmp_path, steps):
    """Of two members the first; a training that ends before leaves what there is."""
    done = command(
        "train",
        *tiny.config,
        "--config.ensemble=2",
        f"--profile={steps}",
        f"--workdir={tmp_path}",
        "--quiet",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        ""
        if steps == 2
        else (
            "warning: --profile=1000: the training had 8 steps after the first few, in"
            " which it is compiled\n"
        )
    )
    (profile,) = tmp_path.rglob("*.xplane.pb")
    assert (
        profile.is_relative_to(
            tmp_path / workdir.TENSORBOARD / "member_0" / "plugins" / "profile"
        )
        and profile.stat().st_size > 10_000
    )
    events = EventAccumulator(
        str(tmp_path / workdir.TENSORBOARD / "member_0"), size_guidance={"tensors": 0}
    ).Reload()
    assert (
        "steps" in events.Tags()["run_metadata"] or "steps" in events.Tags()["tensors"]
    )
