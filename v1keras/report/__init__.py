"""Stage 8: results -> figures, TensorBoard, HTML pages.

It takes plain values and imports no other stage.
"""

from v1keras.report.cell_page import write_cells
from v1keras.report.page import write_page
from v1keras.report.progress import ProgressBar
from v1keras.report.tensorboard import Profile, TensorBoardLog

__all__ = [
    "Profile",
    "ProgressBar",
    "TensorBoardLog",
    "write_cells",
    "write_page",
]
