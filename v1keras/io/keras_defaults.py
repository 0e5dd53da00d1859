"""Keras as it is without a user's global settings."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def keras_defaults() -> Iterator[None]:
    """Set Keras's dtypes and the order of axes to its defaults, and back.

    What is made meanwhile is float32, with channels last.

    Example:

    >>> import keras
    >>> with keras_defaults():
    ...     print(keras.config.image_data_format())
    channels_last
    """
    import keras  # which imports the models, and they this module

    floatx = keras.config.floatx()
    policy = keras.config.dtype_policy()
    data_format = keras.config.image_data_format()
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format(data_format)
