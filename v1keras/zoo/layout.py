"""The files of a preset, and the version of their format."""

FORMAT_VERSION = 2
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
METADATA = "metadata.json"
CARD = "README.md"
# In the zoo's folder, the presets that are too large for the package.
REMOTE = "remote.json"
