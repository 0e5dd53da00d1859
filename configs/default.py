r"""The default model; for a recording of one's own.

    python -m v1keras.train --config=configs/default.py --workdir=runs/mine \
        --config.data.recording=mine.h5

With --config.data.protocol=paper where the recording holds no split.
"""

from v1keras.config import default


def get_config():
    return default()
