r"""Default model, for a recording of your own.

    python -m v1keras.train --config=configs/default.py --workdir=runs/mine \
        --config.data.recording=mine.h5

Add --config.data.protocol=paper if the recording has no split.
"""

from v1keras.config import default


def get_config():
    return default()
