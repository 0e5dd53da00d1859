"""Configuration keys of earlier versions: files are translated, users are answered."""

from typing import Any

import ml_collections

# Former name -> name, by branch.
_RENAMED = {
    "training": {
        "annealing": "lr_schedule",
        "decay": "lr_decay_factor",
        "decays": "max_lr_decays",
        "averaging": "ema_momentum",
        "equalize": "rate_weighting",
        "wait_s": "cluster_timeout_s",
        "resident_gb": "max_device_data_gb",
    }
}


def renamed(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration read from a file, with today's names of the keys.

    Args:
        config: Dict, nested, that this version or an earlier one wrote.

    Example:

    >>> renamed({"seed": 0, "training": {"annealing": "cosine"}})
    {'seed': 0, 'training': {'lr_schedule': 'cosine'}}
    """
    config = dict(config)
    for branch, names in _RENAMED.items():
        if branch in config:
            keys = config[branch].items()
            config[branch] = {names.get(key, key): value for key, value in keys}
    return config


def completed(config: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with the default of each key that it lacks.

    Args:
        config: Dict, nested, of this version or an earlier one.
        defaults: Dict, the default configuration.

    Example:

    >>> completed({"training": {"decays": 3}}, {"seed": 0, "training": {"patience": 9}})
    {'seed': 0, 'training': {'patience': 9, 'max_lr_decays': 3}}
    """
    values = dict(defaults)
    for key, value in renamed(config).items():
        if isinstance(value, dict):
            value = {**values.get(key, {}), **value}
        values[key] = value
    return values


def renaming(branch: str, key: str) -> str | None:
    """Return the answer to the former name of a key; None for any other key.

    Example:

    >>> renaming("training", "annealing")
    'training.annealing is now training.lr_schedule'
    """
    name = _RENAMED.get(branch, {}).get(key)
    return name and f"{branch}.{key} is now {branch}.{name}"


class TrainingBranch(ml_collections.ConfigDict):
    """Branch `training` of a configuration, which answers former names of its keys."""

    def __getitem__(self, key):
        _refuse(key)
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        _refuse(key)
        super().__setitem__(key, value)


def _refuse(key):
    answer = renaming("training", key)
    if answer:
        raise AttributeError(answer)
