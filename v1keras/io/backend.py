"""Keras's settings, read before Keras is imported."""

import json
import os
import pathlib
from typing import Any


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
    try:
        content = json.loads(settings_file().read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def backend() -> str:
    """Return the backend that Keras has, or will have when it is imported."""
    return os.environ.get("KERAS_BACKEND") or settings().get("backend", "tensorflow")


def require_tensorflow(work: str) -> None:
    """Refuse another backend, before Keras starts one.

    Args:
        work: String, what needs TensorFlow.

    Raises:
        ValueError: Keras has another backend; says where that is set.
    """
    name = backend()
    if name == "tensorflow":
        return
    fix = "unset KERAS_BACKEND"
    if not os.environ.get("KERAS_BACKEND"):
        fix = f'set "backend": "tensorflow" in {settings_file()}'
    raise ValueError(f"{work} needs TensorFlow; Keras's backend is {name!r}: {fix}")
