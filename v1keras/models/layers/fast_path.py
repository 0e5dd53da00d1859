"""The one place where the models load TensorFlow, for what it does faster on CPUs."""

from types import ModuleType

import keras


def tensorflow_cpu() -> ModuleType | None:
    """Return the module of fast paths, or None if Keras's own operations are used.

    They are used on every backend but TensorFlow, and where TensorFlow has a GPU.
    """
    if keras.backend.backend() != "tensorflow":
        return None
    from v1keras.models.layers import tensorflow_cpu

    return None if tensorflow_cpu.has_gpu() else tensorflow_cpu
