"""The paper's network, trained as its code trains it; one network per session."""

import keras
import numpy as np

from v1keras.models import Concatenated, DenseReadout, KindelCore, V1Model
from v1keras.training import Checkpoints, Gaussian, Schedule, Trainer, make_strategy

# (kernel size, dropout, learning rate) of the paper of 2019 and of the code of 2018.
VARIANTS = {2019: (3, 0.35, 1e-4), 2018: (7, 0.0, 2e-4)}
STEPS, EVERY, BATCH = 60_000, 200, 50


def train(recording, variant, seed, folder, name="v1model"):
    """Train the network on one session's neurons.

    Its loss is the mean squared error, its optimizer plain SGD; the weights with the
    lowest error on the validation images are kept.

    Args:
        recording: `Recording` of the session's neurons, with its split.
        variant: Integer, a key of `VARIANTS`.
        seed: Integer, seed of the weights, the batches and the dropout.
        folder: Folder of checkpoints, from which an interrupted training resumes.
        name: String, name of the model.

    Returns:
        `V1Model`.
    """
    kernel_size, dropout, rate = VARIANTS[variant]
    neurons = recording.neuron_count
    keras.utils.set_random_seed(seed)
    core = KindelCore(kernel_size, dropout, seed)
    readout = DenseReadout(neurons, activation="relu", seed=seed + 3)
    model = V1Model(core, readout, recording.images.shape[1:], name=name)
    schedule = Schedule(
        batch_size=BATCH,
        max_epochs=STEPS // EVERY,
        patience=STEPS,
        seed=seed,
        steps=EVERY,
    )
    trainer = Trainer(
        model,
        keras.optimizers.SGD(rate),
        _squared_error(neurons),
        _minus_error,
        make_strategy("one"),
        schedule,
        np.full(neurons, 1 / neurons),  # a mean over neurons instead of a sum
    )
    trainer.fit(
        recording.arrays("train"),
        recording.arrays("validation"),
        checkpoints=Checkpoints(folder),
    )
    return model


def _squared_error(neurons):
    """Return a Gaussian noise model whose -log is the squared error, up to a constant.

    Its width is fixed.
    """
    noise = Gaussian()
    noise.build((None, neurons))
    noise.scale.assign(np.full(neurons, np.log(np.expm1(0.5**0.5 - 1e-4))))
    noise.trainable = False
    return noise


def _minus_error(responses, rates):
    return np.array([-np.mean(np.square(responses - rates))])


def networks(recording, variant, seed, folder):
    """Train the networks of all sessions, and return them as one model.

    Args:
        recording: `Recording` with its split; the neurons of a session are adjacent.
        variant: Integer, a key of `VARIANTS`.
        seed: Integer, as for `train`.
        folder: Folder of finished and interrupted trainings.

    Returns:
        `Concatenated`, whose outputs have the order of the recording's neurons.
    """
    folder.mkdir(parents=True, exist_ok=True)
    members = []
    for session in dict.fromkeys(recording.neuron_session.tolist()):
        part = recording.select_neurons(recording.neuron_session == session)
        name = f"session_{session}"
        members.append(train(part, variant, seed, folder / name, name))
        print(f"{folder.name}: session {session}", flush=True)
    return Concatenated(members)
