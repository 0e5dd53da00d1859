"""Keras's callbacks in a training that is not `model.fit`."""

import contextlib
from collections.abc import Iterator, Sequence

import keras


@contextlib.contextmanager
def callback_list(
    callbacks: Sequence[keras.callbacks.Callback],
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    epochs: int,
    steps: int,
) -> Iterator[keras.callbacks.CallbackList]:
    """Yield a list of callbacks, which find the optimizer as that of their model.

    Args:
        callbacks: Sequence of Keras callbacks.
        model: Keras model that is trained.
        optimizer: Keras optimizer that trains it; after the block the model has again
            the one that it was compiled with, if any.
        epochs: Integer, largest number of epochs.
        steps: Integer, number of steps in an epoch.
    """
    compiled_with = getattr(model, "optimizer", None)
    model.optimizer = optimizer
    model.stop_training = False
    listed = keras.callbacks.CallbackList(list(callbacks), model=model)
    listed.set_params({"verbose": 1, "epochs": epochs, "steps": steps})
    try:
        yield listed
    finally:
        if compiled_with is None:
            del model.optimizer
        else:
            model.optimizer = compiled_with
