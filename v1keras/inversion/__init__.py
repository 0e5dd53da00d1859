"""Stage 6: model -> stimulus. It knows only a callable images -> rates."""

from v1keras.inversion.ascent import Inversion, invert
from v1keras.inversion.constraints import Contrast

__all__ = ["Contrast", "Inversion", "invert"]
