"""Gratings, within the pixel range, at a neuron's place."""

import dataclasses

import numpy as np

_EDGE = 1.0  # pixels over which a grating's edge fades
_PARAMETERS = (
    "row",
    "column",
    "orientation_deg",
    "frequency",
    "phase_deg",
    "radius",
    "contrast",
)


@dataclasses.dataclass(frozen=True)
class GratingDisplay:
    """A display of gratings around a grey level.

    Contrast 1 is the largest that fits the pixel range on both sides of grey.

    Args:
        grey: Float, pixel value of no contrast.
        low: Float, smallest pixel value, below `grey`.
        high: Float, largest pixel value, above `grey`.
        image_size: Tuple (height, width) in pixels.

    Raises:
        ValueError: `grey` is not between `low` and `high`.

    Example:

    >>> display = GratingDisplay(grey=100, low=0, high=255, image_size=(8, 8))
    >>> display.amplitude
    100
    >>> aperture = {"row": 4, "column": 4, "radius": 9, "contrast": 0.5}
    >>> wave = {"orientation_deg": 90, "frequency": 0.25, "phase_deg": 0}
    >>> images = display.gratings(aperture | wave)
    >>> images.shape, images[0, 4, :, 0].round().tolist()
    ((1, 8, 8, 1), [150.0, 100.0, 50.0, 100.0, 150.0, 100.0, 50.0, 100.0])
    """

    grey: float
    low: float
    high: float
    image_size: tuple

    def __post_init__(self):
        if not self.low < self.grey < self.high:
            raise ValueError(
                f"grey {self.grey} is not between the pixel range's {self.low} and"
                f" {self.high}"
            )

    @property
    def amplitude(self) -> float:
        """Amplitude of a grating of contrast 1, in pixel units."""
        return min(self.grey - self.low, self.high - self.grey)

    def gratings(self, stimuli: dict[str, np.ndarray]) -> np.ndarray:
        """Render sinusoidal gratings in an aperture, with grey around it.

        Args:
            stimuli: Dict of `(n,)` columns: `row` and `column` of the aperture's
                center, in pixels from the first pixel's center; `orientation_deg` of
                the stripes, counterclockwise from horizontal; `frequency` in cycles per
                pixel; `phase_deg`, 0 where a bright stripe is at the center; `radius`
                of the round aperture in pixels; `contrast` from 0 to 1. With a column
                `length`, in pixels along the stripes, apertures are rectangles, twice
                the radius wide.

        Returns:
            `(n, height, width, 1)` float32, in pixel units.
        """
        columns = [np.asarray(stimuli[name], "float32") for name in _PARAMETERS]
        columns = np.broadcast_arrays(*map(np.atleast_1d, columns))
        wide = [column[:, None, None] for column in columns]
        row, column, orientation, frequency, phase, radius, contrast = wide
        height, width = self.image_size
        rows, cols = np.mgrid[:height, :width].astype("float32")
        down, right = rows - row, cols - column
        angle = np.radians(orientation)
        across = right * np.sin(angle) + down * np.cos(angle)
        if "length" in stimuli:
            length = np.asarray(stimuli["length"], "float32").reshape(-1, 1, 1)
            along = right * np.cos(angle) - down * np.sin(angle)
            aperture = _within(length / 2, along) * _within(radius, across)
        else:
            aperture = _within(radius, np.hypot(down, right))
        waves = np.cos(2 * np.pi * frequency * across + np.radians(phase))
        images = self.grey + self.amplitude * contrast * aperture * waves
        return images[..., None].astype("float32")


def _within(reach, distance):
    """Return 1 within a distance and 0 beyond, with a soft edge."""
    return np.clip((reach - np.abs(distance)) / _EDGE + 0.5, 0, 1)
