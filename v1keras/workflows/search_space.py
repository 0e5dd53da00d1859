"""The space of a study: which keys of a configuration are searched, and where."""

import json
import os
import pathlib
from typing import Any

import ml_collections

from v1keras.config import resolve
from v1keras.config_values import VALUES, Choice, Integer, Number
from v1keras.io.foreign import short
from v1keras.io.json_checks import read_json

# Other branches say what is predicted and how it is judged: these stay as they are.
_SEARCHED = ("core.", "readout.", "training.")
_MACHINE = (
    "training.strategy",
    "training.cluster_timeout_s",
    "training.max_device_data_gb",
    "training.checkpoint_s",
)
_EXPECTED = (
    'expected {"low": NUMBER, "high": NUMBER}, with "log": true for a logarithmic'
    ' scale, or {"choices": [VALUE, ...]}'
)


def read_space(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read the space of a study.

    Args:
        path: JSON file: key of a configuration -> its range, `{"low": 1e-4, "high":
            0.1, "log": true}`, or its choices, `{"choices": [[16, 16], [32, 32]]}`.

    Returns:
        Dict, key -> dict of `low`, `high` and `log`, or of `choices`.

    Raises:
        ValueError: Names the key, what was found and what fits.
        OSError: The file can't be read.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "space.json"
    >>> written = path.write_text('{"readout.l1": {"low": 0.001, "high": 0.1}}')
    >>> read_space(path)
    {'readout.l1': {'low': 0.001, 'high': 0.1, 'log': False}}
    """
    content = read_json(pathlib.Path(path))
    if not isinstance(content, dict) or not content:
        raise ValueError(
            f"{path}: expected a JSON object of keys of a configuration, such as"
            ' {"readout.l1": {"low": 0.001, "high": 0.1, "log": true}}'
        )
    return {key: _dimension(path, key, value) for key, value in content.items()}


def _dimension(path, key, value):
    place = f"{path}: {key}"
    if key not in VALUES or not key.startswith(_SEARCHED) or key in _MACHINE:
        keys = [name for name in VALUES if name.startswith(_SEARCHED)]
        expected = ", ".join(name for name in keys if name not in _MACHINE)
        raise ValueError(f"{place}: can't be searched; expected one of {expected}")
    names = set(value) if isinstance(value, dict) else set()
    if names == {"choices"}:
        return {"choices": _choices(place, VALUES[key], value["choices"])}
    if not {"low", "high"} <= names <= {"low", "high", "log"}:
        raise ValueError(f"{place}: found {short_json(value)}, {_EXPECTED}")
    return _range(place, VALUES[key], {"log": False} | value)


def _choices(place, rule, choices):
    if not isinstance(choices, list) or not choices:
        raise ValueError(f"{place}: found {short_json(choices)}, {_EXPECTED}")
    for choice in choices:
        if not rule.fits(choice):
            raise ValueError(f"{place}: found {short_json(choice)}, expected {rule}")
    texts = [json.dumps(choice) for choice in choices]
    if len(set(texts)) < len(texts):
        raise ValueError(f"{place}: the same choice twice in {short_json(choices)}")
    return choices


def _range(place, rule, ends):
    if not isinstance(rule, Integer | Number):
        hint = f": {', '.join(rule.values)}" if isinstance(rule, Choice) else ""
        raise ValueError(f'{place}: has no range; expected {{"choices": [...]}}{hint}')
    for end in (ends["low"], ends["high"]):
        if not rule.fits(end):
            raise ValueError(f"{place}: found {short_json(end)}, expected {rule}")
    if not ends["low"] < ends["high"]:
        raise ValueError(
            f"{place}: found low {ends['low']}, high {ends['high']}; expected a low end"
            " below the high one"
        )
    if not isinstance(ends["log"], bool):
        raise ValueError(f"{place}: log: expected true or false")
    if ends["log"] and ends["low"] <= 0:
        raise ValueError(f"{place}: a logarithmic scale starts above 0")
    return {name: ends[name] for name in ("low", "high", "log")}


def short_json(value: Any) -> str:
    """Return a value as one short line of JSON."""
    return short(ValueError(json.dumps(value)[:200]))


def suggest(trial: Any, space: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the values of one trial, drawn unless it has them already.

    Args:
        trial: `optuna.Trial`.
        space: Dict, as `read_space` returns it.

    Returns:
        Dict, key -> value.
    """
    values = {}
    for key, dimension in space.items():
        if "choices" in dimension:
            texts = [json.dumps(choice) for choice in dimension["choices"]]
            values[key] = json.loads(trial.suggest_categorical(key, texts))
            continue
        rule = VALUES[key]
        if isinstance(rule, Integer):
            # The values that a key may have are multiples, and so are both ends.
            step = {} if dimension["log"] else {"step": rule.step}
            draw = trial.suggest_int(key, **dimension, **step)
            values[key] = draw - draw % rule.step
        else:
            values[key] = trial.suggest_float(key, **dimension)
    return values


def with_values(
    config: ml_collections.ConfigDict, values: dict[str, Any]
) -> ml_collections.ConfigDict:
    """Return a configuration with the values of a trial.

    Args:
        config: `ml_collections.ConfigDict`, as `v1keras.config.default` returns it.
        values: Dict, key -> value.

    Raises:
        ValueError: A value does not fit its key.

    Example:

    >>> from v1keras.config import default
    >>> with_values(default(), {"core.filters": [8, 8]}).core.filters
    (8, 8)
    """
    branches: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        branch, _, name = key.partition(".")
        fitting = tuple(value) if isinstance(value, list) else value
        branches.setdefault(branch, {})[name] = fitting
    return resolve(config, **branches)
