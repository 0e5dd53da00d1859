"""The commands, one a line: `v1keras WORD` runs the module that the word names."""

# Word -> (module with a function `run`, what it is for).
COMMANDS = {
    "data": ("v1keras.data.__main__", "make, describe and divide recordings"),
    "train": ("v1keras.train", "train a model on a recording, and score it"),
    "evaluate": ("v1keras.evaluate", "score trained models, and compare them"),
    "invert": ("v1keras.invert", "find the stimulus that each neuron prefers"),
    "experiment": ("v1keras.experiment.__main__", "take a model back to the animal"),
    "tune": ("v1keras.tune", "search the configuration that predicts best"),
    "zoo": ("v1keras.zoo.__main__", "find, check, use and publish presets"),
    "doctor": ("v1keras.doctor", "check what is installed here"),
    "completion": ("v1keras.completion", "print what completes words in a shell"),
}


def listing() -> str:
    """Return the commands as lines of a word and what it is for.

    Example:

    >>> print(listing().splitlines()[1])
        train       train a model on a recording, and score it
    """
    lines = [f"    {word:<11} {purpose}" for word, (_, purpose) in COMMANDS.items()]
    return "\n".join(lines)
