"""Gratings, within the pixel range, at a neuron's place."""

import dataclasses

import numpy as np

_EDGE = 1.0  # pixels over which a grating's edge fades


@dataclasses.dataclass(frozen=True)
class Screen:
    """Where gratings are shown: grey, and as much contrast as fits the pixel range on
    both sides of it.

    Args:
        grey: the pixel value of no contrast.
        low: smallest pixel value, below `grey`.
        high: largest pixel value, above `grey`.
        image_size: (height, width), pixels.

    Raises:
        ValueError: `grey` is not between `low` and `high`.

    Example:

    >>> screen = Screen(grey=100, low=0, high=255, image_size=(8, 8))
    >>> screen.amplitude
    100
    >>> images = screen.gratings(
    ...     {
    ...         "row": 4,
    ...         "column": 4,
    ...         "orientation_deg": 90,
    ...         "frequency": 0.25,
    ...         "phase_deg": 0,
    ...         "radius": 9,
    ...         "contrast": 0.5,
    ...     }
    ... )
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
        """Of a grating of contrast 1, pixel units."""
        return min(self.grey - self.low, self.high - self.grey)

    def gratings(self, stimuli: dict[str, np.ndarray]) -> np.ndarray:
        """Sinusoidal gratings in a round aperture, grey around it.

        Args:
            stimuli: dict of `(n,)` columns: `row` and `column` of the aperture's
                centre, pixels from the first pixel's; `orientation_deg` of the stripes,
                counter-clockwise from horizontal; `frequency`, cycles per pixel;
                `phase_deg`, 0 where a bright stripe is at the centre; `radius` of the
                aperture, pixels; `contrast`, from 0 to 1.

        Returns:
            `(n, height, width, 1)` float32, pixel units.
        """
        names = (
            "row",
            "column",
            "orientation_deg",
            "frequency",
            "phase_deg",
            "radius",
            "contrast",
        )
        columns = np.broadcast_arrays(
            *(np.atleast_1d(np.asarray(stimuli[name], "float32")) for name in names)
        )
        row, column, orientation, frequency, phase, radius, contrast = (
            each[:, None, None] for each in columns
        )
        rows, cols = np.mgrid[: self.image_size[0], : self.image_size[1]].astype(
            "float32"
        )
        down, right = rows - row, cols - column
        across = right * np.sin(np.radians(orientation)) + down * np.cos(
            np.radians(orientation)
        )
        aperture = np.clip((radius - np.hypot(down, right)) / _EDGE + 0.5, 0, 1)
        waves = np.cos(2 * np.pi * frequency * across + np.radians(phase))
        return (self.grey + self.amplitude * contrast * aperture * waves)[
            ..., None
        ].astype("float32")
