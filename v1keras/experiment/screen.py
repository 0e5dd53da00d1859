"""`Screen`: what a monitor shows of a model's images, and back."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

LEVELS = 256  # grey levels of an image file


@dataclasses.dataclass(frozen=True, eq=False)
class Screen:
    """A monitor, and where on it a model's images are shown.

    Pixels of the model are linear in luminance: the lower end of `pixel_range` is shown
    as the monitor's lowest luminance, the upper end as its highest. A pixel becomes a
    square of screen pixels, without smoothing, so that an image file can be turned back
    into the model's pixels.

    Args:
        size_px: Tuple (width, height) of the screen in pixels.
        width_cm: Float, width of the screen.
        distance_cm: Float, distance from the eye.
        degrees: Float, visual angle that the width of an image covers.
        position: Tuple, degrees by which the middle of the image is right of, and
            above, the middle of the screen.
        pixel_range: Tuple, pixel values that are shown darkest and brightest.
        luminances: `(256,)` luminance of each grey level, rising; any unit.

    Raises:
        ValueError: A value is impossible, or luminance does not rise with the level.

    Example:

    >>> screen = Screen((800, 600), 40, 57, 8, (0, 0), (0, 255), gamma_luminances(2.2))
    >>> levels = screen.levels(np.array([[[0.0, 127.5, 255.0]]]))
    >>> levels.tolist(), screen.pixels(levels).round().tolist()
    ([[[0, 186, 255]]], [[[0.0, 127.0, 255.0]]])
    """

    size_px: tuple[int, int]
    width_cm: float
    distance_cm: float
    degrees: float
    position: tuple[float, float]
    pixel_range: tuple[float, float]
    luminances: np.ndarray

    def __post_init__(self):
        numbers = [*self.size_px, self.width_cm, self.distance_cm, self.degrees]
        if not (np.isfinite(numbers).all() and min(numbers) > 0):
            raise ValueError(
                f"a screen of {self.size_px[0]} x {self.size_px[1]} pixels,"
                f" {self.width_cm} cm wide at {self.distance_cm} cm, for images of"
                f" {self.degrees} degrees: expected numbers above 0"
            )
        if max(self.size_px) > 1 << 14 or self.degrees >= 180:
            raise ValueError(
                f"a screen of {self.size_px[0]} x {self.size_px[1]} pixels for images"
                f" of {self.degrees:g} degrees: expected at most {1 << 14} pixels a"
                " side, and less than 180 degrees"
            )
        low, high = self.pixel_range
        if not low < high:
            raise ValueError(f"pixel range: found {low} to {high}, expected it to rise")
        check_luminances(np.arange(LEVELS), np.asarray(self.luminances))

    def levels(self, images: np.ndarray) -> np.ndarray:
        """Return the grey levels, uint8, that come closest to a model's pixels.

        Raises:
            ValueError: A pixel is darker or brighter than the screen can be.
        """
        low, high = self.pixel_range
        images = np.asarray(images, float)
        margin = 1e-4 * (high - low)
        if images.min() < low - margin or images.max() > high + margin:
            raise ValueError(
                f"pixels from {images.min():g} to {images.max():g}: the screen shows"
                f" {low:g} to {high:g}; say the pixel range that was shown"
            )
        steps = self._pixels_of_levels()
        middles = (steps[1:] + steps[:-1]) / 2
        return np.searchsorted(middles, images).astype(np.uint8)

    def pixels(self, levels: np.ndarray) -> np.ndarray:
        """Return the model's pixels, float32, that grey levels show."""
        return self._pixels_of_levels()[levels].astype(np.float32)

    def distorted(self, images: np.ndarray, exponent: float) -> np.ndarray:
        """Return images as a screen shows them whose luminance is raised to a power.

        Args:
            images: Array in the model's pixels.
            exponent: Float, power of the luminance relative to the screen's range: the
                true gamma over the one that was assumed.
        """
        low, high = self.pixel_range
        share = np.clip((np.asarray(images, float) - low) / (high - low), 0, 1)
        return (low + (high - low) * share**exponent).astype(np.float32)

    def patch(self, image_size: Sequence[int]) -> tuple[int, int, int, int]:
        """Return (top, left, height, width) of an image on the screen, in pixels.

        Args:
            image_size: Tuple (height, width) of the model's images.

        Raises:
            ValueError: It leaves the screen, or has fewer pixels than the image.
        """
        per_cm = self.size_px[0] / self.width_cm
        half = np.tan(np.radians(self.degrees / 2)) * self.distance_cm
        width = round(2 * half * per_cm)
        height = round(width * image_size[0] / image_size[1])
        right, up = np.tan(np.radians(self.position)) * self.distance_cm * per_cm
        left = round((self.size_px[0] - width) / 2 + right)
        top = round((self.size_px[1] - height) / 2 - up)
        if width < image_size[1] or height < image_size[0]:
            raise ValueError(
                f"{self.degrees:g} degrees are {width} x {height} pixels of the screen;"
                f" the model's images have {image_size[1]} x {image_size[0]}: come"
                " closer, or show them larger"
            )
        inside = min(left, top) >= 0
        inside &= left + width <= self.size_px[0] and top + height <= self.size_px[1]
        if not inside:
            raise ValueError(
                f"an image of {width} x {height} pixels at column {left}, row {top}"
                f" leaves the screen of {self.size_px[0]} x {self.size_px[1]}: show it"
                " smaller, or elsewhere"
            )
        return top, left, height, width

    def picture(self, levels: np.ndarray, background: int) -> np.ndarray:
        """Return the whole screen `(height, width)` uint8 with one image on it.

        Args:
            levels: `(height, width)` grey levels of the image.
            background: Integer, grey level around it.
        """
        top, left, height, width = self.patch(levels.shape)
        rows = _sources(height, levels.shape[0])
        columns = _sources(width, levels.shape[1])
        picture = np.full(self.size_px[::-1], background, np.uint8)
        picture[top : top + height, left : left + width] = levels[rows][:, columns]
        return picture

    def cut_out(
        self, picture: np.ndarray, image_size: Sequence[int], background: int
    ) -> np.ndarray:
        """Return the grey levels of the image that a picture of the screen shows.

        Args:
            picture: `(height, width)` uint8, the whole screen.
            image_size: Tuple (height, width) of the model's images.
            background: Integer, grey level around the image.

        Raises:
            ValueError: The picture is not what `picture` returns for any image.
        """
        if picture.shape != self.size_px[::-1] or picture.dtype != np.uint8:
            raise ValueError(
                f"found {picture.dtype} {picture.shape}, expected uint8"
                f" {self.size_px[::-1]}: the whole screen"
            )
        top, left, height, width = self.patch(image_size)
        part = picture[top : top + height, left : left + width]
        rows, columns = _sources(height, image_size[0]), _sources(width, image_size[1])
        first_rows = np.searchsorted(rows, np.arange(image_size[0]))
        first_columns = np.searchsorted(columns, np.arange(image_size[1]))
        levels = part[first_rows][:, first_columns]
        if not np.array_equal(self.picture(levels, background), picture):
            raise ValueError(
                "shows something else than one image of squares on its background"
            )
        return levels

    def _pixels_of_levels(self):
        low, high = self.pixel_range
        luminances = np.asarray(self.luminances, float)
        share = (luminances - luminances[0]) / (luminances[-1] - luminances[0])
        return low + (high - low) * share


def gamma_luminances(gamma: float) -> np.ndarray:
    """Return the relative luminance of each grey level of a monitor with a gamma.

    Args:
        gamma: Float, exponent; 1 for a monitor that is made linear already.

    Example:

    >>> gamma_luminances(2.2)[[0, 186, 255]].round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    if not 0.2 <= gamma <= 5:
        raise ValueError(f"gamma: found {gamma}, expected 0.2 to 5")
    return (np.arange(LEVELS) / (LEVELS - 1)) ** gamma


def table_luminances(levels: np.ndarray, luminances: np.ndarray) -> np.ndarray:
    """Return the luminance of each grey level from a measured table.

    Between measured levels a monotonous curve is drawn (Fritsch & Carlson 1980).

    Args:
        levels: `(k,)` grey levels, rising from 0 to 255.
        luminances: `(k,)` luminance of each.

    Raises:
        ValueError: Luminance does not rise with the level, or an end is missing.

    Example:

    >>> table_luminances([0, 100, 255], [0.1, 20.0, 120.0])[[0, 100]].tolist()
    [0.1, 20.0]
    """
    levels, luminances = np.asarray(levels, float), np.asarray(luminances, float)
    check_luminances(levels, luminances)
    if levels[0] != 0 or levels[-1] != LEVELS - 1:
        raise ValueError(
            f"luminance table: found levels from {levels[0]:g} to {levels[-1]:g},"
            f" expected 0 to {LEVELS - 1}"
        )
    return PchipInterpolator(levels, luminances)(np.arange(LEVELS))


def check_luminances(levels: np.ndarray, luminances: np.ndarray) -> None:
    """Refuse a table in which luminance does not rise with the level."""
    if levels.shape != luminances.shape or levels.ndim != 1 or len(levels) < 2:
        raise ValueError(
            f"luminance table: found {levels.shape} levels and {luminances.shape}"
            " luminances, expected two or more of each"
        )
    for values, noun in ((levels, "level"), (luminances, "luminance")):
        falling = np.flatnonzero(~(np.diff(values) > 0))  # NaN, too
        if falling.size or not np.isfinite(values).all():
            row = int(falling[0]) if falling.size else 0
            raise ValueError(
                f"luminance table: {noun} {values[row]:g} (level {levels[row]:g}) is"
                f" followed by {values[row + 1]:g}; expected {noun}s that rise: measure"
                " again, or average the measurements"
            )


def _sources(count, pixels):
    """Return the model's pixel that each of `count` screen pixels shows."""
    return ((np.arange(count) + 0.5) * pixels / count).astype(int)
