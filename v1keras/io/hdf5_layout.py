"""How an HDF5 file is laid, as libhdf5 tells it, without the values of datasets.

libhdf5 can crash, hang or take all memory on a file that is damaged or made for it, so
this is called in processes of their own alone, those of `v1keras.io.hdf5_server`.
"""

import base64

import h5py
import numpy as np

# What has more than this is not one of ours, and would take too long.
_MOST_OBJECTS = 100_000
_MOST_NAMES = 500_000
_LONGEST_NAMES = 1 << 26  # bytes of all names together
_DEEPEST = 64
_MOST_ATTRIBUTES = 1000  # of one object
_MOST_VALUES, _MOST_TEXTS = 4096, 256  # of one attribute
_LARGEST_ATTRIBUTE = 1 << 26  # bytes
_MOST_CHUNKS = 2_000_000
_LARGEST_COMPACT = 1 << 16  # bytes, by the format

_LINKS = {h5py.h5l.TYPE_SOFT: "a soft link", h5py.h5l.TYPE_EXTERNAL: "an external link"}
_PADDING = {h5py.h5t.STR_NULLTERM: "end", h5py.h5t.STR_NULLPAD: "nulls"}
_PADDING[h5py.h5t.STR_SPACEPAD] = "spaces"
_LAYOUTS = {h5py.h5d.CONTIGUOUS: "contiguous", h5py.h5d.COMPACT: "compact"}
_LAYOUTS[h5py.h5d.CHUNKED] = "chunked"


class _Refused(Exception):
    """Something that is not read; the message says what."""


class _LeadsOut(_Refused):
    """Something that leads to other files."""


def objects(file):
    """Return the groups and datasets of a file, each once.

    Args:
        file: `h5py.File`.

    Returns:
        Tuple of a dict and of the path of each address. The dict holds `base`, the
        position in the file that addresses count from, `root`, the address of the first
        group, and `objects`, a dict from address to a dict of `attributes` and, of a
        group, `members`: name -> address, or in words what else stands there; of a
        dataset what `_dataset` tells, or `refused`, in words why it is not read.
    """
    root = h5py.h5o.get_info(file.id).addr
    paths, described, pending = {root: b"/"}, {}, [(root, 0)]
    names, length = 0, 0
    while pending:
        address, depth = pending.pop()
        item = h5py.h5o.open(file.id, paths[address])
        described[address] = _described(item)
        if not isinstance(item, h5py.h5g.GroupID):
            continue
        members = {}
        for name in _names(item, _MOST_NAMES - names):
            link = item.links.get_info(name)
            target = _LINKS.get(link.type, "a link of another kind")
            if link.type == h5py.h5l.TYPE_HARD:
                target = link.u
                if target not in paths and depth < _DEEPEST:
                    paths[target] = paths[address].rstrip(b"/") + b"/" + name
                    pending.append((target, depth + 1))
            members[name.decode("utf-8", "surrogateescape")] = target
            length += len(name)
        names += len(members)
        if len(paths) > _MOST_OBJECTS or length > _LONGEST_NAMES:
            raise _Refused(f"more than {_MOST_OBJECTS:,} objects, or too long names")
        described[address]["members"] = members
    return {"base": file.userblock_size, "root": root, "objects": described}, paths


def _names(group, most):
    """Return the names in a group, or refuse it where there are too many."""
    names = []

    def add(name):
        names.append(name)
        return True if len(names) > most else None

    group.links.iterate(add)
    if len(names) > most:
        raise _Refused(f"more than {_MOST_NAMES:,} names")
    return names


def _described(item):
    """Return what there is to tell of an object, but a group's members."""
    described = {"attributes": _attributes(item)}
    if isinstance(item, h5py.h5d.DatasetID):
        try:
            described |= _dataset(item)
        except Exception as error:  # not only ours: of any kind where it is damaged
            described["refused"] = str(error) or type(error).__name__
            described["leads_out"] = isinstance(error, _LeadsOut)
    elif not isinstance(item, h5py.h5g.GroupID):
        described["refused"] = "a type, not a group or a dataset"
    return described


def _dataset(dataset):
    """Return a dict of how a dataset is laid.

    That is its `shape`, what `_type` tells, its `layout`, and `offset` and `size` in
    the file, or the `content` of a compact one, or the shape of a `chunk`, the
    `filters`, as numbers, and the `fill` of one value, in base64.
    """
    creation, space = dataset.get_create_plist(), dataset.get_space()
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        raise _Refused("nothing, not even a shape")
    if creation.get_external_count():
        raise _LeadsOut("data in other files")
    layout = _LAYOUTS.get(creation.get_layout())
    if layout is None:
        raise _LeadsOut("a virtual dataset, which is made of others")
    kind = _type(dataset.get_type())
    laid = {"shape": space.get_simple_extent_dims(), "layout": layout} | kind
    if layout == "contiguous":
        offset = dataset.get_offset()
        return laid | {"offset": offset, "size": dataset.get_storage_size()}
    if layout == "chunked":
        filters = [creation.get_filter(i)[0] for i in range(creation.get_nfilters())]
        return laid | {"chunk": creation.get_chunk(), "filters": filters}
    if "dtype" not in kind:
        raise _Refused("a compact dataset that is not of numbers")
    count = space.get_simple_extent_npoints()
    size = dataset.get_type().get_size() * count
    if size > _LARGEST_COMPACT or size != dataset.get_storage_size():
        raise _Refused(f"a compact dataset of {size:,} bytes")
    content = np.zeros(size, np.uint8)
    if size:
        dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, content, dataset.get_type())
    return laid | {"content": base64.b64encode(content).decode()}


def _type(kind):
    """Return a dict of the `dtype` of values, or of what else they are."""
    if isinstance(kind, h5py.h5t.TypeStringID):
        if kind.is_variable_str():
            return {"kind": "texts"}
        padding = _PADDING.get(kind.get_strpad(), "nulls")
        return {"dtype": f"|S{kind.get_size()}", "kind": "text", "padding": padding}
    if kind.equal(h5py.h5t.STD_REF_OBJ):
        return {"kind": "references"}
    for name, standard in _STANDARD.items():
        if kind.equal(standard):
            return {"dtype": name, "kind": "numbers"}
    if isinstance(kind, h5py.h5t.TypeEnumID) and kind.get_size() == 1:
        values = {kind.get_member_name(i): kind.get_member_value(i) for i in (0, 1)}
        if kind.get_nmembers() == 2 and values == {b"FALSE": 0, b"TRUE": 1}:
            return {"dtype": "|b1", "kind": "numbers"}
    raise _Refused(f"values of the type {kind.dtype}, which is not read")


def _standard():
    """Return the types of numbers that are read, by their names in NumPy."""
    kinds = {}
    for order, name in (("<", "LE"), (">", "BE")):
        for size in (1, 2, 4, 8):
            for letter in "iu":
                standard = getattr(h5py.h5t, f"STD_{letter.upper()}{8 * size}{name}")
                kinds[f"{order}{letter}{size}"] = standard
            if size > 1:
                standard = getattr(h5py.h5t, f"IEEE_F{8 * size}{name}")
                kinds[f"{order}f{size}"] = standard
    return kinds


_STANDARD = _standard()


def _attributes(item):
    """Return the attributes of an object: None for one that is of no plain type."""
    count = h5py.h5a.get_num_attrs(item)
    if count > _MOST_ATTRIBUTES:
        raise _Refused(f"an object with {count:,} attributes")
    values = {}
    for i in range(count):
        attribute = h5py.h5a.open(item, index=i)
        name = attribute.name.decode("utf-8", "surrogateescape")
        values[name] = _value(attribute)
    return values


def _value(attribute):
    """Return the value of an attribute as JSON has it, or None."""
    space, kind = attribute.get_space(), attribute.get_type()
    texts = isinstance(kind, h5py.h5t.TypeStringID)
    try:
        known = _type(kind)["kind"]
    except _Refused:
        return None
    null = space.get_simple_extent_type() == h5py.h5s.NULL
    if (
        null
        or known == "references"
        or attribute.get_storage_size() > _LARGEST_ATTRIBUTE
    ):
        return None
    shape = space.get_simple_extent_dims()
    if space.get_simple_extent_npoints() > (_MOST_TEXTS if texts else _MOST_VALUES):
        return None
    array = np.empty(shape, attribute.dtype)
    attribute.read(array)
    if not texts:
        return array.tolist()
    decoded = np.empty(shape, object)
    for index, text in np.ndenumerate(array):
        text = text if isinstance(text, bytes) else str(text).encode()
        decoded[index] = text.decode("utf-8", "surrogateescape")
    return decoded.tolist()


def chunks(file, path):
    """Return where the chunks of a dataset are.

    Args:
        file: `h5py.File`.
        path: Bytes, path of the dataset.

    Returns:
        String, int64 array `(chunks, axes + 3)` in base64: where in the dataset each
        begins, its mask of filters, where in the file it begins, and its size there.
    """
    dataset = h5py.h5o.open(file.id, path)
    rows = []

    def add(chunk):
        place = [*chunk.chunk_offset, chunk.filter_mask]
        rows.append((*place, chunk.byte_offset, chunk.size))
        return True if len(rows) > _MOST_CHUNKS else None

    dataset.chunk_iter(add)
    if len(rows) > _MOST_CHUNKS:
        raise _Refused(f"more than {_MOST_CHUNKS:,} chunks")
    return base64.b64encode(np.array(rows, "<i8").tobytes()).decode()
