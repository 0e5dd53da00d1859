"""The paper's network, trained as its code trains it; one network a session. Used by
`tools/reproduce_paper`.
"""

import keras
import numpy as np

from v1keras.models import Concatenated, DenseReadout, KindelCore, V1Model
from v1keras.training import Checkpoints, Gaussian, Schedule, Trainer, make_strategy

# (kernel size, dropout, learning rate) of the paper of 2019 and of the code of 2018.
VARIANTS = {2019: (3, 0.35, 1e-4), 2018: (7, 0.0, 2e-4)}
STEPS, EVERY, BATCH = 60_000, 200, 50


def train(recording, variant, seed, folder, name="v1model"):
    """Trains the network on one session's neurons: mean squared error, plain SGD, the
    weights of the lowest error on the 38.

    Args:
        recording: a `Recording` of the session's neurons, with its split.
        variant: a key of `VARIANTS`.
        seed: of the weights, the batches and the dropout.
        folder: from whose checkpoints an interrupted training goes on.
        name: of the model.

    Returns:
        `V1Model`.
    """
    kernel_size, dropout, rate = VARIANTS[variant]
    neurons = recording.neuron_count
    keras.utils.set_random_seed(seed)
    readout = DenseReadout(neurons, activation="relu", seed=seed + 3)
    model = V1Model(
        KindelCore(kernel_size, dropout, seed),
        readout,
        recording.images.shape[1:],
        name=name,
    )
    # -log of a Gaussian with this fixed width is the squared error, up to a constant;
    # weights make a mean of its sum over neurons.
    noise = Gaussian()
    noise.build((None, neurons))
    noise.scale.assign(np.full(neurons, np.log(np.expm1(0.5**0.5 - 1e-4))))
    noise.trainable = False
    minus_error = lambda responses, rates: np.array(
        [-np.mean(np.square(responses - rates))]
    )
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
        noise,
        minus_error,
        make_strategy("one"),
        schedule,
        np.full(neurons, 1 / neurons),
    )
    images, (learn, stop) = (
        recording.images[..., None],
        (recording.indices(side) for side in ("train", "validation")),
    )
    trainer.fit(
        (images[learn], recording.responses[learn]),
        (images[stop], recording.responses[stop]),
        checkpoints=Checkpoints(folder),
    )
    return model


def networks(recording, variant, seed, folder):
    """The networks of all sessions of a recording, which stand in the order of its
    neurons, as one model.

    Args:
        recording, variant, seed: as `train` takes them.
        folder: where interrupted trainings are kept, and finished ones.

    Returns:
        `Concatenated`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    members = []
    for session in dict.fromkeys(recording.neuron_session.tolist()):
        of_session = recording.of_neurons(recording.neuron_session == session)
        members.append(
            train(
                of_session,
                variant,
                seed,
                folder / f"session_{session}",
                f"session_{session}",
            )
        )
        print(f"{folder.name}: session {session}", flush=True)
    return Concatenated(members)
