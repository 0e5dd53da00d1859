"""Every key of the configuration, with values that make no sense."""

import re

import ml_collections
import numpy as np
import pytest

import v1keras
from v1keras import config_values
from v1keras.config import default, resolve
from v1keras.config_values import VALUES, check_values
from v1keras.inversion import ContrastConstraint, GradientAscent
from v1keras.models.cores.transfer import NETWORKS
from v1keras.training import LIKELIHOODS
from v1keras.training.precision import PRECISIONS
from v1keras.training.schedule import LR_SCHEDULES
from v1keras.training.strategy import STRATEGIES
from v1keras.workflows.train import train_and_evaluate

NAN, INF = float("nan"), float("inf")
KEYS = sorted(config_values._flat(default()))
TEXTS = {key for key, rule in VALUES.items() if isinstance(rule, config_values.Text)}
# Of every key, whatever its type; each is out of place for most.
NONSENSE = [None, NAN, INF, -INF, -1, 1e300, 10**30, "", "nonsense", (), [NAN], {}]
NONSENSE += [True, b"1", 1j, object, np.zeros(3), ("a",), (0,), (10**9, 1, 1)]


def changed(key, value):
    """The default with one value, whatever the type of the key."""
    branch, _, name = key.rpartition(".")
    config = default().to_dict()
    (config[branch] if branch else config)[name] = value
    return ml_collections.ConfigDict(config)


def is_sensible(key, value):
    """What the documents of the keys allow, as far as it is among the nonsense."""
    if isinstance(value, str):
        return key in TEXTS or (key == "freeze" and value == "")
    return value is True and isinstance(VALUES[key], config_values.Flag)


def test_every_key_has_its_values():
    assert sorted(VALUES) == KEYS
    check_values(default())
    for name in v1keras.config.names():
        resolve(name)


@pytest.mark.parametrize("key", KEYS)
def test_nonsense_is_refused_with_the_key_and_what_fits(key):
    for value in NONSENSE:
        config = changed(key, value)
        if is_sensible(key, value):
            check_values(config)
            continue
        name = re.escape(key)
        with pytest.raises(ValueError, match=rf"^{name}\b.*(found|missing)") as refused:
            check_values(config)
        assert "expected" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("key", [key for key in KEYS if key not in TEXTS])
def test_the_ends_of_a_range_belong_to_it(key):
    rule = VALUES[key]
    if isinstance(rule, config_values.Integer | config_values.Number):
        for end, beyond in ((rule.low, rule.low - 1), (rule.high, 2 * rule.high + 4)):
            excluded = getattr(rule, "excluded", ())
            assert rule.fits(end) == (end not in excluded)
            assert not rule.fits(beyond)


def test_choices_are_those_of_the_stages():
    assert VALUES["training.likelihood"].values == tuple(LIKELIHOODS)
    assert VALUES["training.lr_schedule"].values == LR_SCHEDULES
    assert VALUES["training.strategy"].values == STRATEGIES
    assert VALUES["training.precision"].values == PRECISIONS
    assert VALUES["core.network"].values == tuple(NETWORKS)


@pytest.fixture(scope="module")
def recording():
    return v1keras.simulate_recording(40, 10, neurons_per_kind=1, image_size=16)


ISSUE = {
    "training.max_epochs": (0, -1),
    "training.learning_rate": (-0.001, NAN, INF),
    "training.patience": (-1, 0),
    "training.ema_momentum": (5.0, 1.0, NAN),
    "core.pool_size": (-2, 0),
    "core.filters": ((10**9, 10**9, 10**9), (-1, 2, 3)),
    "core.laplacian": (-1.0, NAN),
    "readout.l1": (INF,),
}


@pytest.mark.parametrize("key", ISSUE)
def test_python_refuses_before_anything_is_built(key, recording, tmp_path, monkeypatch):
    def no_strategy(*arguments):
        raise AssertionError("TensorFlow was asked")

    monkeypatch.setattr("v1keras.workflows.train.make_strategy", no_strategy)
    branch, _, name = key.partition(".")
    for value in ISSUE[key]:
        message = rf"^{re.escape(key)}: found {re.escape(repr(value))}, expected a"
        if branch == "training":
            with pytest.raises(ValueError, match=message):
                v1keras.fit(None, recording, **{name: value})
        with pytest.raises(ValueError, match=message):
            v1keras.build_model(recording, **{branch: {name: value}})
        with pytest.raises(ValueError, match=message):
            train_and_evaluate(changed(key, value), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return None", "the configuration: found None, expected the ml_collections"),
        ("return {}", "the configuration: found {}, expected the ml_collections"),
        ("return ml_collections.ConfigDict()", "seed: missing in the configuration"),
        ("c = default(); c.unlock(); c.core.x = 1; return c", "'core.x': no such key"),
    ],
)
def test_a_file_that_returns_no_configuration(body, message, command, tmp_path):
    path = tmp_path / "bad.py"
    path.write_text(
        "import ml_collections\nfrom v1keras.config import default\n"
        f"def get_config():\n    {body}\n"
    )
    with pytest.raises(ValueError, match=message):
        resolve(path)
    done = command("train", f"--config={path}", f"--workdir={tmp_path / 'run'}")
    assert done.returncode == 1
    # Of None, ml_collections itself has warned before.
    assert done.stderr.splitlines()[-1].startswith(f"error: {message}")
    assert "Traceback" not in done.stderr and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "flag", ["training.max_epochs=0", "core.filters=(1000000000,)"]
)
def test_the_command_refuses_in_one_line(flag, command, tmp_path):
    done = command("train", f"--config.{flag}", f"--workdir={tmp_path / 'run'}")
    key = flag.partition("=")[0]
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {key}: found ")
    assert done.stderr.count("\n") == 1 and not (tmp_path / "run").exists()


@pytest.mark.parametrize("option", [{"jitter": 100_000}, {"blur": NAN}, {"jitter": -1}])
def test_an_inversion_refuses_more_pixels_than_images_have(option):
    contrast = ContrastConstraint(grey=100, norm=50, low=0, high=255)
    name = next(iter(option))
    with pytest.raises(
        ValueError, match=rf"^{name}: found .*, expected 0 to 16 pixels"
    ):
        GradientAscent(lambda images: images, contrast, image_size=(16, 20), **option)
