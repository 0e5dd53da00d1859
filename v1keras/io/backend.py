"""Keras's settings, read before Keras is imported."""

import json
import os
import pathlib
from typing import Any

_WORDS = {
    "floatx": ("float16", "float32", "float64"),
    "image_data_format": ("channels_last", "channels_first"),
}


def settings_file() -> pathlib.Path:
    """Return the file that Keras reads its settings from."""
    home = os.environ.get("KERAS_HOME")
    if home:
        return pathlib.Path(home) / "keras.json"
    user = os.path.expanduser("~")
    base = user if os.access(user, os.W_OK) else "/tmp"
    return pathlib.Path(base) / ".keras" / "keras.json"


def settings() -> dict[str, Any]:
    """Return what that file sets; nothing if it can't be read, as Keras does."""
    content = _content()
    return content if isinstance(content, dict) else {}


def _content():
    """Return what the file holds; an empty dict if it can't be read."""
    try:
        return json.loads(settings_file().read_text())
    except (OSError, ValueError):
        return {}


def _check_settings():
    """Refuse settings with which Keras does not start."""
    file, content = settings_file(), _content()
    if not isinstance(content, dict):
        raise ValueError(f"{file} holds no settings: remove it")
    for key, words in _WORDS.items():
        if key in content and content[key] not in words:
            raise ValueError(
                f"{file}: found {content[key]!r} for {key!r}, expected one of"
                f" {', '.join(words)}"
            )
    if not isinstance(content.get("epsilon", 0.0), float):
        raise ValueError(
            f"{file}: found {content['epsilon']!r} for 'epsilon', expected a number"
            " such as 1e-07"
        )


def backend() -> str:
    """Return the backend that Keras has, or will have when it is imported."""
    return os.environ.get("KERAS_BACKEND") or settings().get("backend", "tensorflow")


def require_tensorflow(work: str) -> None:
    """Refuse another backend, before Keras starts one.

    Args:
        work: String, what needs TensorFlow.

    Raises:
        ValueError: Keras has another backend, or settings with which it does not start;
            says where that is set.
    """
    _check_settings()
    name = backend()
    if name == "tensorflow":
        return
    fix = "unset KERAS_BACKEND"
    if not os.environ.get("KERAS_BACKEND"):
        fix = f'set "backend": "tensorflow" in {settings_file()}'
    raise ValueError(f"{work} needs TensorFlow; Keras's backend is {name!r}: {fix}")
