"""What an attacker could write into a preset's weights file."""

import h5py
import numpy as np

READOUT = "layers/factorized_readout/vars"


def relink(kind):
    """Return a change of the weights file that puts another object for the bias."""

    def change(file):
        bias = f"{READOUT}/2"
        value = file[bias][...]
        del file[bias]
        if kind == "external link":
            file[bias] = h5py.ExternalLink("elsewhere.h5", "/bias")
        elif kind == "soft link":
            file["layers/copy"] = value
            file[bias] = h5py.SoftLink("/layers/copy")
        elif kind == "external storage":
            storage = [("elsewhere.bin", 0, h5py.h5f.UNLIMITED)]
            file.create_dataset(bias, (3,), "float32", external=storage)
        elif kind == "virtual dataset":
            layout = h5py.VirtualLayout((3,), "float32")
            layout[:] = h5py.VirtualSource("elsewhere.h5", "bias", (3,))
            file.create_virtual_dataset(bias, layout)
        elif kind == "hard link to another":
            file[bias] = file["layers/stacked_core/stages/batch_normalization/vars/0"]
        elif kind == "compressed":
            file.create_dataset(bias, (10**9,), "float32", chunks=(10**6,))
        elif kind == "never written":
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_layout(h5py.h5d.CONTIGUOUS)
            space = h5py.h5s.create_simple((10**12,))
            h5py.h5d.create(
                file[READOUT].id, b"2", h5py.h5t.IEEE_F32LE, space, dcpl=plist
            )
        elif kind == "text":
            file[bias] = ["a", "b", "c"]
        elif kind == "references":
            refs = [file.ref] * 3
            file.create_dataset(bias, data=refs, dtype=h5py.ref_dtype)
        elif kind == "type":
            file[bias] = np.dtype("float32")
        elif kind == "group":
            file.create_group(bias)
        elif kind == "other shape":
            file[bias] = np.zeros(4, "float32")
        elif kind == "other axes":
            file[bias] = np.zeros((3, 1), "float32")

    return change


def with_attribute(file):
    file[f"{READOUT}/2"].attrs["dtype"] = "evil"


def with_loop(file):
    file["layers/loop"] = file["/"]


def with_external_group(file):
    file["layers/more"] = h5py.ExternalLink("elsewhere.h5", "/")


WEIGHTS_FILES = {
    **{
        kind: relink(kind)
        for kind in (
            *("external link", "soft link", "external storage", "virtual dataset"),
            *("hard link to another", "compressed", "never written", "text"),
            *("references", "type", "group", "other shape", "other axes", "missing"),
        )
    },
    "attribute": with_attribute,
    "loop": with_loop,
    "extra group": lambda file: file.create_group("layers/extra"),
    "extra layer": lambda file: file.create_group("layers/extra/vars"),
    "extra values": lambda file: file.create_dataset("layers/extra", data=[1.0]),
    "extra weight": lambda file: file.create_dataset(f"{READOUT}/3", data=[1.0]),
    "deep groups": lambda file: file.create_group("/".join("a" * 500)),
    "external group": with_external_group,
}
