"""The flags of `v1keras experiment`, which need no TensorFlow to be asked."""

from collections.abc import Sequence

from absl import flags

# A flag defined here is one of the command that asked for it, as --help lists them.
flags.disclaim_key_flags()

# Flag that is a pair of numbers -> an example.
_PAIRS = {"screen": "1920,1080", "position": "0,255", "pixel_range": "0,255"}
_PAIRS |= {"shift": "1,0"}
FAULTS = ("none", "neurons", "images", "gamma")


def define_flags() -> None:
    """Define the flags of all that the command does."""
    _define_design()
    _define_animal()
    text = flags.DEFINE_string
    text("out", None, "What to write: a folder (design, analyze) or an HDF5 file.")
    day = "design, show: the first day; analyze: the second. HDF5 file or dataset."
    text("recording", None, day)
    rows = "analyze: file of an array, a row per presentation in the set's order."
    text("responses", None, rows)
    flags.DEFINE_integer("seed", 0, "Seed of all that is drawn; the simulated animal.")


def pair(name: str, texts: Sequence[str]) -> tuple[float, float]:
    """Return the value of a flag that is a pair of numbers.

    Raises:
        ValueError: It is something else.

    Example:

    >>> pair("screen", ["800", "600"])
    (800.0, 600.0)
    """
    try:
        first, second = map(float, texts)
    except ValueError:
        raise ValueError(
            f"--{name}={','.join(texts)}: expected two numbers, such as {_PAIRS[name]}"
        ) from None
    return first, second


def _define_design():
    text, number = flags.DEFINE_string, flags.DEFINE_float
    text("model", None, "design: preset by name or folder, or a workdir.")
    text("neurons", "best", "design: best, all, near-limit, or 0,3,7.")
    number("least_cc_norm", 0.8, "design: least true CC_norm of the best neurons.")
    text("one_per", None, "design: column of neurons, such as electrode; one of each.")
    number("contrast_norm", None, "design: norm of the contrast; default: derived.")
    flags.DEFINE_bool("inhibiting", False, "design: add inhibiting stimuli.")
    diverse = "design: different stimuli per neuron that drive it alike."
    flags.DEFINE_integer("diverse", 0, diverse, lower_bound=0)
    flags.DEFINE_integer("repeats", 10, "design: presentations.", lower_bound=2)
    number("duration", None, "design: seconds of an image; default: the recording's.")
    number("gap", 0.5, "design: seconds of background between images.", lower_bound=0)
    flags.DEFINE_list("screen", ["1920", "1080"], "design: width,height in pixels.")
    number("width_cm", None, "design: width of the screen.")
    number("distance_cm", None, "design: distance of the eye from the screen.")
    number("degrees", None, "design: width of an image; default: the recording's.")
    position = "design: degrees right of and above the middle of the screen."
    flags.DEFINE_list("position", ["0", "0"], position)
    number("gamma", None, "design: the screen's gamma; 1 if it is made linear.")
    text("luminances", None, "design: table of grey level and measured luminance.")
    pixels = "design: pixel values shown darkest and brightest; default: 0,255 for 8"
    flags.DEFINE_list("pixel_range", None, f"{pixels} bits, else the images' own.")


def _define_animal():
    number = flags.DEFINE_integer
    cells = "simulate: cells of each of the 12 families."
    number("cells_per_family", 5, cells, lower_bound=1)
    number("train_images", 2000, "simulate: images shown once.", lower_bound=20)
    number("test_images", 100, "simulate: images shown 20 times.", lower_bound=10)
    number("image_size", 32, "simulate: pixels a side.", lower_bound=12)
    sd = "show: standard deviation of the logarithm of the gains' drift."
    flags.DEFINE_float("gain_drift", 0.2, sd, lower_bound=0)
    shift = "show: pixels by which images are moved down and to the right."
    flags.DEFINE_list("shift", ["0.5", "0.5"], shift)
    flags.DEFINE_enum("fault", "none", FAULTS, "show: what goes wrong on purpose.")
