"""The flags of `python -m v1keras.data convert nwb`, and what they choose."""

from absl import flags

from v1keras.data.sources import nwb

# A flag defined here is one of the command that asked for it, as --help lists them.
flags.disclaim_key_flags()

_TEXTS = {
    "presentations": "convert nwb: table of intervals, or series, that says which image"
    " was shown when.",
    "frame_column": "convert nwb: its column with the index or the name of the image.",
}
_LISTS = {
    "where": "convert nwb: COLUMN=VALUE or COLUMN=VALUE,VALUE, the presentations to"
    " use.",
    "select": "convert nwb: COLUMN=VALUE, the units or ROIs to use, such as"
    " quality=good or location=VISp.",
    "covariate": "convert nwb: NAME=SERIES, behavior to use; all that the file holds as"
    " such where left out.",
}
_NUMBERS = {
    "window": "convert nwb: seconds over which a response is taken; a presentation's"
    " time on the screen where left out.",
    "latency": "convert nwb: seconds from the onset to that window; 0.05 for spikes and"
    " 0 for traces where left out.",
}


def define_flags():
    """Define the flags that only `convert nwb` has."""
    for name, text in _TEXTS.items():
        flags.DEFINE_string(name, None, text)
    for name, text in _LISTS.items():
        flags.DEFINE_multi_string(name, [], text)
    for name, text in _NUMBERS.items():
        flags.DEFINE_float(name, None, text)
    text = "convert nwb: what an entry of a series is, where runs of them are equal."
    flags.DEFINE_enum("entries", None, ["frames", "presentations"], text)
    flags.DEFINE_integer("first_frame", 0, "convert nwb: index of the first image.")


def read(paths, values):
    """Read the recording that a command line asks for.

    Args:
        paths: Sequence of paths of .nwb files.
        values: Object with the values of the flags as attributes.

    Raises:
        ValueError, OSError: As `v1keras.data.sources.nwb.read`.
    """
    if not paths:
        raise ValueError("no file: expected `convert nwb FILE.nwb ... --out=FILE`")
    choices = nwb.Choices(
        images=values.images,
        presentations=values.presentations,
        frame_column=values.frame_column,
        responses=values.responses,
        window=values.window,
        latency=values.latency,
        where=values.where,
        neurons=values.select,
        covariates=values.covariate,
        entries=values.entries,
        first_frame=values.first_frame,
    )
    return nwb.read(paths, choices)
