"""Stage 3: rate -> likelihood -> weights.

Names are loaded when they are first used: `v1keras.losses`, which comes with the
package, needs no TensorFlow Probability.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from v1keras.training.checkpoints import Checkpoints
    from v1keras.training.interruption import Stopped
    from v1keras.training.likelihoods import (
        LIKELIHOODS,
        Gaussian,
        NegativeBinomial,
        Poisson,
        ZeroInflatedGamma,
        check_responses,
        learned_noise,
        likelihood_of,
        make_likelihood,
    )
    from v1keras.training.schedule import Schedule, TrainingHistory, TrainingState
    from v1keras.training.strategy import is_chief, make_strategy
    from v1keras.training.trainer import Trainer

_MODULES = {
    "Checkpoints": "checkpoints",
    "Schedule": "schedule",
    "Stopped": "interruption",
    "Trainer": "trainer",
    "TrainingHistory": "schedule",
    "TrainingState": "schedule",
    "is_chief": "strategy",
    "make_strategy": "strategy",
}

__all__ = [
    "LIKELIHOODS",
    "Checkpoints",
    "Gaussian",
    "NegativeBinomial",
    "Poisson",
    "Schedule",
    "Stopped",
    "Trainer",
    "TrainingHistory",
    "TrainingState",
    "ZeroInflatedGamma",
    "check_responses",
    "is_chief",
    "learned_noise",
    "likelihood_of",
    "make_likelihood",
    "make_strategy",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; "
            f"it has {', '.join(__all__)}"
        )
    module = f"{__name__}.{_MODULES.get(name, 'likelihoods')}"
    return getattr(importlib.import_module(module), name)
