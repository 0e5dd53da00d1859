"""Files that are made to lead out of themselves, or to take memory or time.

Each function replaces the dataset `images` of an HDF5 file, of 6 images of 5 x 7 uint8.
"""

import struct
import zlib

import h5py
import numpy as np

SHAPE = (6, 5, 7)
SECRET = b"what another file holds"


def external_storage(file, folder):
    (folder / "secret").write_bytes(SECRET * 20)
    place = [(str(folder / "secret"), 0, 6 * 5 * 7)]
    file.create_dataset("images", SHAPE, "u1", external=place)


def other_file(folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["images"] = np.full(SHAPE, SECRET[0], np.uint8)


def external_link(file, folder):
    other_file(folder)
    file["images"] = h5py.ExternalLink(str(folder / "other.h5"), "images")


def soft_link(file, folder):
    file["there"] = np.zeros(SHAPE, np.uint8)
    file["images"] = h5py.SoftLink("/there")


def soft_link_to_itself(file, folder):
    file["images"] = h5py.SoftLink("/images")


def virtual(file, source):
    layout = h5py.VirtualLayout(SHAPE, np.uint8)
    layout[:] = h5py.VirtualSource(source, "images", SHAPE)
    file.create_virtual_dataset("images", layout)


def virtual_dataset(file, folder):
    other_file(folder)
    virtual(file, str(folder / "other.h5"))


def virtual_dataset_without_source(file, folder):
    virtual(file, str(folder / "gone.h5"))


def virtual_dataset_of_itself(file, folder):
    virtual(file, ".")


def chunk_of(file, content, mask=0, shape=SHAPE, **options):
    options = {"chunks": shape, "compression": "gzip"} | options
    dataset = file.create_dataset("images", shape, "u1", **options)
    dataset.id.write_direct_chunk((0,) * len(shape), content, mask)


def short_gzip_chunk(file, folder):
    chunk_of(file, zlib.compress(b"ten bytes."))


def short_chunk_without_gzip(file, folder):
    chunk_of(file, b"ten bytes.", mask=1)


def long_gzip_chunk(file, folder):
    chunk_of(file, zlib.compress(bytes(1 << 25)))


def long_chunk_of_another_filter(file, folder):
    # lzf: a literal, then as many repeats of it as fit.
    chunk_of(file, b"\0a" + b"\xe0\xff\0" * 20_000, compression="lzf")


def gzip_twice(file, folder):
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk(SHAPE)
    creation.set_deflate(9)
    creation.set_deflate(9)
    made(file, creation).write_direct_chunk(
        (0, 0, 0), zlib.compress(zlib.compress(bytes(210)))
    )


def made(file, creation, shape=SHAPE):
    space, kind = h5py.h5s.create_simple(shape), h5py.h5t.STD_U8LE
    return h5py.h5d.create(file.id, b"images", kind, space, creation)


def foreign_filter(file, folder):
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk(SHAPE)
    creation.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    made(file, creation).write_direct_chunk((0, 0, 0), bytes(210))


def wrong_checksum(file, folder):
    options = {"fletcher32": True, "compression": None}
    chunk_of(file, bytes(range(210)) + b"\0\0\0\0", **options)


def huge_and_never_written(file, folder):
    file.create_dataset("images", (10**5, 10**5, 10**5), "u1", chunks=(1, 100, 100))


def huge_and_contiguous(file, folder):
    file.create_dataset("images", (10**5, 10**5, 10**5), "u1")


def huge_chunk(file, folder):
    shape = (1, 1 << 15, 1 << 16)
    chunk_of(file, zlib.compress(b"short"), shape=shape)


def some_chunks_missing(file, folder):
    chunks = {"chunks": (1, 5, 7), "shape": SHAPE}
    chunk_of(file, zlib.compress(bytes(35)), **chunks)


def compound(file, folder):
    kind = [("a", "u1"), ("b", "f4")]
    file["images"] = np.zeros(SHAPE, kind)


def opaque(file, folder):
    file["images"] = np.zeros(SHAPE, "V3")


def enumeration(file, folder):
    kind = h5py.enum_dtype({"red": 0, "green": 1}, np.uint8)
    file.create_dataset("images", SHAPE, kind)[...] = 1


def sequences(file, folder):
    file.create_dataset("images", (6,), h5py.vlen_dtype(np.uint8))[0] = [1, 2]


def references(file, folder):
    target = file["responses"].ref
    file["images"] = np.full(SHAPE, target, h5py.ref_dtype)


def group(file, folder):
    file.create_group("images")


def itself(file, folder):
    file["images"] = file["/"]


def text_bomb(file, folder):
    """Have 100,000 texts be one text of a megabyte."""
    texts = np.array(["x" * (1 << 20)] + [""] * 99_999, object)
    file["images"] = texts
    offset = file["images"].id.get_offset()
    return lambda content: (
        content[:offset]
        + content[offset : offset + 16] * 100_000
        + content[offset + 16 * 100_000 :]
    )


def wide_text_bomb(file, folder):
    """Have a short text take as much as the longest, as NumPy lays them."""
    texts = np.array(["x" * (1 << 20)] + [""] * 99_999, object)
    file["images"] = texts


def chunks_that_overlap(file, folder):
    """Have 50 chunks be one and the same."""
    shape = (50, 1 << 8, 1 << 8)
    options = {"chunks": (1, *shape[1:]), "compression": "gzip"}
    dataset = file.create_dataset("images", shape, "u1", **options)
    for i in range(50):
        content = zlib.compress(bytes([i]) * (1 << 16))
        dataset.id.write_direct_chunk((i, 0, 0), content)
    places = [dataset.id.get_chunk_info(i) for i in range(50)]

    def change(content):
        first = struct.pack("<Q", places[0].byte_offset)
        for place in places[1:]:
            content = content.replace(struct.pack("<Q", place.byte_offset), first)
        return content

    return change


ATTACKS = {
    external_storage: "data in other files",
    external_link: "an external link, which is not followed",
    soft_link: "a soft link, which is not followed",
    soft_link_to_itself: "a soft link, which is not followed",
    virtual_dataset: "a virtual dataset",
    virtual_dataset_without_source: "a virtual dataset",
    virtual_dataset_of_itself: "a virtual dataset",
    short_gzip_chunk: "a chunk of 10 bytes, expected 210",
    short_chunk_without_gzip: "a chunk of 10 bytes, expected 210",
    long_gzip_chunk: "more than the 210 bytes that are declared",
    long_chunk_of_another_filter: "not as lzf writes it",
    gzip_twice: "compressed twice",
    foreign_filter: "filter 32015; expected gzip",
    wrong_checksum: "its checksum is another",
    huge_and_never_written: "declares|lacks values",
    huge_and_contiguous: "declares",
    huge_chunk: "declares|can't be whole",
    some_chunks_missing: "1 chunks, expected 6: it lacks values",
    compound: "values of the type",
    opaque: "values of the type",
    enumeration: "values of the type",
    sequences: "values of the type",
    references: "found references",
    group: "no dataset 'images'",
    itself: "no dataset 'images'",
    text_bomb: "too much text",
    wide_text_bomb: "too much text",
    chunks_that_overlap: "its chunks overlap",
}
