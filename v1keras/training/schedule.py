"""Length and learning rate of a training, its state, and its history."""

import dataclasses
from typing import Any

import numpy as np

LR_SCHEDULES = ("plateau", "cosine")
_WARMUP_EPOCHS = 5


@dataclasses.dataclass
class Schedule:
    """Length of a training, and the course of its learning rate.

    Args:
        batch_size: Integer, number of images of each session per step, over all
            replicas.
        max_epochs: Integer, maximum number of epochs. An epoch shows each training
            image once; a session with fewer images than another starts over meanwhile.
        lr_schedule: String. "plateau": after `patience` epochs without a better
            validation score, the best weights are restored and the learning rate is
            multiplied by `lr_decay_factor`; training stops at the plateau that follows
            `max_lr_decays` of these. "cosine": the learning rate rises over the first
            five epochs, then falls to zero over `max_epochs` by half a cosine.
        patience: Integer, number of epochs.
        lr_decay_factor: Float, factor of the learning rate.
        max_lr_decays: Integer, number of times that the learning rate is reduced.
        ema_momentum: Float, momentum of the moving average of the weights over epochs,
            smaller in the first of them. The averaged weights are the ones validated
            and returned. 0 for the weights themselves.
        seed: Integer, seed of the order of the images.
        steps: Integer, number of steps per epoch, each on a batch drawn again from all
            images; 0 for as many as show each image once.
        max_device_data_gb: Float, size in GB up to which the training data live on
            every device; larger data are read during the steps.
    """

    batch_size: int = 32
    max_epochs: int = 200
    lr_schedule: str = "plateau"
    patience: int = 10
    lr_decay_factor: float = 0.3
    max_lr_decays: int = 3
    ema_momentum: float = 0.0
    seed: int = 0
    steps: int = 0
    max_device_data_gb: float = 2.0

    def check(self, replicas: int) -> None:
        """Refuse what can't be trained on this number of replicas.

        Args:
            replicas: Integer, number of replicas.

        Raises:
            ValueError: Names what was received and what fits.
        """
        for name in ("batch_size", "max_epochs", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name}: found {getattr(self, name)}, expected 1 or more"
                )
        if not 0 <= self.ema_momentum < 1:
            raise ValueError(
                f"ema_momentum: found {self.ema_momentum}, expected 0 to 1, without 1"
            )
        if not 0 < self.lr_decay_factor <= 1:
            raise ValueError(
                f"lr_decay_factor: found {self.lr_decay_factor}, expected 0 to 1,"
                " without 0"
            )
        if self.batch_size % replicas:
            nearest = max(replicas, round(self.batch_size / replicas) * replicas)
            raise ValueError(
                f"batch_size {self.batch_size} is not divisible by {replicas} replicas;"
                f" take {nearest}"
            )
        if self.lr_schedule not in LR_SCHEDULES:
            raise ValueError(
                f"lr_schedule: found {self.lr_schedule!r}, expected one of"
                f" {', '.join(LR_SCHEDULES)}"
            )

    def cosine_factor(self, epoch: int) -> float:
        """Return the share of the full learning rate in an epoch of "cosine".

        Args:
            epoch: Integer, index of the epoch.

        Example:

        >>> round(Schedule(max_epochs=40).cosine_factor(0), 4)  # 0.1 of the warm-up
        0.1
        """
        middle = epoch + 0.5
        warmup = min(1.0, middle / _WARMUP_EPOCHS)
        cosine = np.cos(np.pi * middle / self.max_epochs)
        return warmup * (0.5 + 0.5 * float(cosine))

    def momentum_in(self, epoch: int) -> float:
        """Return the momentum of the moving average of the weights in an epoch.

        It is smaller in the first epochs, which are far from where the weights end.

        Args:
            epoch: Integer, index of the epoch.

        Example:

        >>> Schedule(ema_momentum=0.9).momentum_in(0)
        0.1
        """
        return min(self.ema_momentum, (1 + epoch) / (10 + epoch))


@dataclasses.dataclass
class TrainingState:
    """State of a training, written with each checkpoint.

    Attributes:
        epoch: Integer, number of epochs completed.
        step: Integer, number of steps of the current epoch.
        loss: Float, sum of these steps' losses.
        best_epoch: Integer, epoch of the best score, counted from 1.
        best_score: Float, best validation score.
        score: Float, validation score of the last epoch.
        epochs_since_best: Integer, number of epochs since the best score or the last
            reduction of the learning rate.
        num_lr_decays: Integer, number of reductions of the learning rate.
        finished: Boolean, whether the training has ended.
        history: List of the logs of each epoch.
    """

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    best_epoch: int = 0
    best_score: float = -np.inf
    score: float = -np.inf
    epochs_since_best: int = 0
    num_lr_decays: int = 0
    finished: bool = False
    history: list = dataclasses.field(default_factory=list)

    @classmethod
    def from_checkpoint(cls, fields: dict[str, Any]) -> "TrainingState":
        """Make the state that a checkpoint holds, of an earlier version, too.

        Args:
            fields: Dict of the attributes.

        Example:

        >>> TrainingState.from_checkpoint({"epoch": 4, "waited": 2}).epochs_since_best
        2
        """
        former_names = {"waited": "epochs_since_best", "decayed": "num_lr_decays"}
        return cls(
            **{former_names.get(name, name): value for name, value in fields.items()}
        )

    def add_losses(self, losses: np.ndarray, learning_rate: float) -> None:
        """Count the losses of some steps.

        Args:
            losses: Float array `(steps,)`.
            learning_rate: Float, learning rate of these steps.

        Raises:
            FloatingPointError: A loss is not finite.

        Example:

        >>> state = TrainingState()
        >>> state.add_losses(np.array([1.5, 2.0]), 0.01)
        >>> state.step, state.loss
        (2, 3.5)
        """
        self.step += len(losses)
        # One by one: the sum is the same however the steps were divided into calls.
        for loss in losses.tolist():
            self.loss += loss
        if not np.isfinite(self.loss):
            raise FloatingPointError(
                f"the loss is {self.loss} in epoch {self.epoch + 1}: lower the learning"
                f" rate (it is {learning_rate:g}), or look for extreme responses;"
                " checkpoints hold the last good epoch"
            )


@dataclasses.dataclass(repr=False)
class TrainingHistory:
    """Logs of a training, as `keras.callbacks.History` holds them.

    Attributes:
        epochs: List of the logs of each epoch.
        best_score: Float, best validation score; the model has its weights.
        best_epoch: Integer, epoch of that score, counted from 1.
    """

    epochs: list
    best_score: float
    best_epoch: int

    @property
    def epoch(self) -> list[int]:
        """Indices of the epochs, from 0."""
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
