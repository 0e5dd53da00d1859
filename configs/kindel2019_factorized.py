"""One shared core for all 392 neurons of Kindel et al. 2019, a factorised readout each.

    python -m v1keras.train --config=configs/kindel2019_factorized.py --workdir=runs/kindel2019
"""

from v1keras.config import default


def get_config():
    config = default()
    config.data.recording = "kindel2019"
    # "grouped" keeps the views of one photograph on one side; --config.data.protocol=paper draws images as the paper did.
    config.data.protocol = "grouped"
    # 180 training images make ten batches of 18.
    config.training.batch_size = 18
    return config
