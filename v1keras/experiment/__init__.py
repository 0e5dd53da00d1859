"""Stage 9: preferred stimuli -> an experiment that can refute them.

It takes plain values and imports no other stage.
"""

from v1keras.experiment.presentations import draw_order
from v1keras.experiment.screen import Screen, gamma_luminances, table_luminances
from v1keras.experiment.stimulus_set import StimulusSet, open_set

__all__ = [
    "Screen",
    "StimulusSet",
    "draw_order",
    "gamma_luminances",
    "open_set",
    "table_luminances",
]
