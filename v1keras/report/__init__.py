"""Stage 8: results -> figures, TensorBoard, HTML pages.

It takes plain values and imports no other stage.
"""

from v1keras.report.cell_page import write_cells
from v1keras.report.elements import Check, Tile
from v1keras.report.page import Page
from v1keras.report.progress import ProgressBar
from v1keras.report.tensorboard import Profile, TensorBoardLog, log_test_scores

__all__ = [
    "Check",
    "Page",
    "Profile",
    "ProgressBar",
    "TensorBoardLog",
    "Tile",
    "log_test_scores",
    "write_cells",
]
