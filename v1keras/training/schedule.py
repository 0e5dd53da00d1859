"""How long and how fast to train, and where a training stands."""

import dataclasses

import numpy as np

ANNEALINGS = ("plateau", "cosine")


@dataclasses.dataclass
class Schedule:
    """How long and how fast to train.

    Args:
        batch_size: images a step of each session, over all replicas.
        max_epochs: passes through the training images, at most; a session with fewer
            images than another starts over meanwhile.
        annealing: "plateau": after `patience` epochs without a better validation score
            the best weights are restored and the learning rate is multiplied by
            `decay`; after the last of `decays` times training stops. "cosine": the
            learning rate falls to zero over `max_epochs`, by half a cosine after a rise
            over the first five epochs.
        patience: epochs.
        decay: factor.
        decays: how often.
        averaging: validated and kept are weights averaged over epochs, each time
            `averaging` of the average so far (less in the first epochs) and the rest of
            the new; 0 for the weights themselves.
        seed: of the order of the images.
        steps: in an epoch, each on a batch drawn anew from all images; 0 for as many as
            show each image once.
        resident_gb: training data up to this size live on every device, larger ones are
            read while the step before is computed.
    """

    batch_size: int = 32
    max_epochs: int = 200
    annealing: str = "plateau"
    patience: int = 10
    decay: float = 0.3
    decays: int = 3
    averaging: float = 0.0
    seed: int = 0
    steps: int = 0
    resident_gb: float = 2.0

    def check(self, replicas: int) -> None:
        """Refuses what can't be trained on so many replicas.

        Raises:
            ValueError: says what came and what fits.
        """
        if self.batch_size < 1:
            raise ValueError(f"batch_size: found {self.batch_size}, expected 1 or more")
        if self.batch_size % replicas:
            nearest = max(replicas, round(self.batch_size / replicas) * replicas)
            raise ValueError(
                f"batch_size {self.batch_size} is not divisible by {replicas} replicas;"
                f" take {nearest}"
            )
        if self.annealing not in ANNEALINGS:
            raise ValueError(
                f"annealing: found {self.annealing!r}, expected one of"
                f" {', '.join(ANNEALINGS)}"
            )


@dataclasses.dataclass
class Progress:
    """Where a training stands; written with each checkpoint."""

    epoch: int = 0
    step: int = 0  # of this epoch
    loss: float = 0.0  # summed over these steps
    best_epoch: int = 0
    best_score: float = -np.inf
    score: float = -np.inf
    waited: int = 0
    decayed: int = 0
    finished: bool = False
    history: list = dataclasses.field(default_factory=list)  # the logs of each epoch


@dataclasses.dataclass(repr=False)
class TrainingHistory:
    """The logs of a training, as `keras.callbacks.History` holds them.

    Attributes:
        epochs: List of the logs of each epoch.
        best_score: Float, best validation score; its weights are the ones kept.
        best_epoch: Integer, the epoch of that score, counted from 1.
    """

    epochs: list
    best_score: float
    best_epoch: int

    @property
    def epoch(self) -> list[int]:
        """The epochs' indices, from 0."""
        return list(range(len(self.epochs)))

    @property
    def history(self) -> dict[str, list[float]]:
        """Dict, name of a log -> list of its values, one per epoch."""
        names = self.epochs[0] if self.epochs else {}
        return {name: [logs[name] for logs in self.epochs] for name in names}

    def __repr__(self):
        return (
            f"<TrainingHistory of {len(self.epochs)} epochs, validation score"
            f" {self.best_score:.3f} in epoch {self.best_epoch}>"
        )
