r"""Make, describe and divide recordings.

v1keras data list
v1keras data convert kindel2019 --out=kindel2019.h5
v1keras data convert pvc8 --path=crcns/pvc-8 --out=pvc8.h5
v1keras data convert arrays --images=images.npy \
    --responses=counts.mat:y --attribute=window_s=0.1 --out=mine.h5
v1keras data convert nwb monday.nwb tuesday.nwb --out=mine.h5
v1keras data simulate --out=simulated.h5
v1keras data info kindel2019.h5
v1keras data plot kindel2019.h5 --out=kindel2019.html --figures=pdf
v1keras data split kindel2019.h5 --protocol=grouped --seed=1 --out=divided.h5
v1keras data join trials.h5 --out=joined.h5
v1keras data shard large.h5 --out=large
"""

from absl import flags

from v1keras import cli
from v1keras.io.terminal import say
from v1keras.workflows import convert_arrays, convert_nwb, recordings

_TEXTS = {
    "out": "What to write: HDF5 (convert, simulate, split, join), HTML (plot) or a"
    " folder (shard).",
    "path": "The publisher's file or folder (convert); else what V1KERAS_DATA names, or"
    " a download.",
    "images": "convert arrays: file.npy, file.npz:key, file.mat:variable,"
    " file.mat:struct(2).field, file.h5:/group/dataset, or a folder of grey pictures;"
    " convert nwb: path in the file.",
    "responses": "convert arrays: (n, neurons) mean responses; also file.csv; convert"
    " nwb: units, or path in the file of ROIs' traces.",
    "repeats": "convert arrays: (images, repeats, neurons) single presentations.",
    "repeat_images": "convert arrays: index, from 0, of the image of each entry of"
    " --repeats; all images where left out.",
}
_LISTS = {
    "column": "convert arrays: NAME=FILE, NAME one of split, image_group,"
    " neuron_session, neurons/..., covariates/..., repeat_covariates/...",
    "attribute": "convert arrays: NAME=VALUE, such as units=dF/F, window_s=0.1 or"
    " presentations=20.",
}
_NUMBERS = {
    "seed": (0, "Seed of the simulation or of the split; of kfold, the fold."),
    "train_images": (2000, "Images the simulation shows once."),
    "test_images": (100, "Images the simulation repeats."),
    "neurons_per_kind": (12, "Simulated neurons of each kind."),
    "image_size": (32, "Pixels a side of the simulated images."),
}


def main(arguments):
    say(recordings.run(arguments[1:], flags.FLAGS))


def run():
    for name, text in _TEXTS.items():
        flags.DEFINE_string(name, None, text)
    for name, text in _LISTS.items():
        flags.DEFINE_multi_string(name, [], text)
    for name, (default, text) in _NUMBERS.items():
        flags.DEFINE_integer(name, default, text)
    convert_arrays.define_flags()
    convert_nwb.define_flags()
    protocols = ("paper", "grouped", "kfold")
    text = "How split draws: images, groups of images, or ten folds of groups."
    flags.DEFINE_enum("protocol", "grouped", protocols, text)
    text = "What split draws: train, test and validation, in proportion."
    flags.DEFINE_list("parts", ["180", "52", "38"], text)
    cli.define_figures()
    cli.run(main, words=True)


if __name__ == "__main__":
    run()
