"""Damaged copies of a file, drawn from a seed."""

import copy
import json
import random
import struct

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_EXTREMES += (0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 10**15)


def mutated(content, seed):
    """Return what was done to a file, in words, and the file after it.

    Args:
        content: Bytes, a whole file, not empty.
        seed: Integer or string; one seed always gives the same change.

    Example:

    >>> mutated(b"a whole file", 3) == mutated(b"a whole file", 3)
    True
    """
    rng = random.Random(f"{seed}")
    changed, done = content, []
    # Most often one change: several hide each other.
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        change = rng.choice(CHANGES)
        place = _place(rng, len(changed))
        changed = change(rng, changed, place)
        done.append(f"{change.__name__} at {place}")
        if not changed:
            break
    return ", ".join(done), changed


def _place(rng, size):
    """Return a position; often near an end, where formats keep their structure."""
    near = rng.choice((size, size, min(size, 4096), min(size, 256)))
    place = rng.randrange(near)
    return size - 1 - place if rng.random() < 0.25 else place


def flipped_bit(rng, content, place):
    """Flip one bit."""
    changed = bytearray(content)
    changed[place] ^= 1 << rng.randrange(8)
    return bytes(changed)


def byte_run(rng, content, place):
    """Overwrite a few bytes with one byte, or with noise."""
    length = rng.choice((1, 2, 4, 8, 16, 64, 256))
    length = min(length, len(content) - place)
    run = rng.choice((b"\0" * length, b"\xff" * length, rng.randbytes(length)))
    return content[:place] + run + content[place + length :]


def truncation(rng, content, place):
    """Cut off the end."""
    return content[:place]


def removal(rng, content, place):
    """Take out a few bytes, so that what follows moves."""
    return content[:place] + content[place + rng.choice((1, 2, 8, 100, 512)) :]


def splice(rng, content, place):
    """Put a block from elsewhere in the file over this one."""
    length = rng.choice((4, 8, 32, 512))
    source = rng.randrange(len(content))
    block = content[source : source + length]
    return content[:place] + block + content[place + len(block) :]


def duplicated_block(rng, content, place):
    """Put a block in again behind itself, once or often."""
    block = content[place : place + rng.choice((1, 8, 64, 512))]
    return content[:place] + block * rng.choice((2, 3, 50)) + content[place:]


def extreme_number(rng, content, place):
    """Set an aligned number, which may be a length or an offset, to an extreme."""
    kind = rng.choice("HIQ")
    size = struct.calcsize(kind)
    place -= place % size
    number = rng.choice(_EXTREMES) & (256**size - 1)
    number = max(0, number - rng.choice((0, 0, 1, 2, 7, 8)))
    packed = struct.pack(rng.choice("<>") + kind, number)
    return content[:place] + packed + content[place + size :]


CHANGES = (
    flipped_bit,
    byte_run,
    truncation,
    removal,
    splice,
    duplicated_block,
    extreme_number,
)


_VALUES = (None, True, False, 0, -1, 1, 0.5, 1e308, float("nan"), 2**31, 2**63, 10**15)
_VALUES += ("", "x", "../x", "a" * 10_000, [], {}, [[]], [1] * 10_000, {"a": {}})


def mutated_json(content, seed):
    """Return what was done to the values of a JSON file, and the file after it.

    Args:
        content: Bytes, JSON of a dict.
        seed: Integer or string.
    """
    rng, done = random.Random(f"{seed}"), []
    tree = json.loads(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        path, (parent, key) = rng.choice(list(_places(tree, "")))
        change = rng.choice(TREE_CHANGES)
        change(rng, tree, parent, key)
        done.append(f"{change.__name__} at {path}")
    return ", ".join(done), json.dumps(tree).encode()


def _places(tree, path):
    """Yield the path of each value below a dict or list, and where it stands."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in pairs:
        yield f"{path}.{key}", (tree, key)
        if isinstance(value, (dict, list)):
            yield from _places(value, f"{path}.{key}")
    if not tree:
        yield path, ({"": None}, "")


def other_value(rng, tree, parent, key):
    """Replace a value by another, most often of another type."""
    parent[key] = copy.deepcopy(rng.choice(_VALUES))


def removed_value(rng, tree, parent, key):
    """Take a value away."""
    del parent[key]


def value_from_elsewhere(rng, tree, parent, key):
    """Replace a value by one from elsewhere."""
    _, (source, name) = rng.choice(list(_places(tree, "")))
    parent[key] = copy.deepcopy(source[name])


def nested_value(rng, tree, parent, key):
    """Put a value into lists or dicts."""
    for _ in range(rng.choice((1, 2, 50))):
        parent[key] = rng.choice(([parent[key]], {"config": parent[key]}))


def repeated_value(rng, tree, parent, key):
    """Repeat a value, or double a number."""
    if isinstance(parent[key], (list, str)):
        parent[key] = parent[key] * rng.choice((2, 100))
    elif isinstance(parent[key], (int, float)):
        parent[key] = parent[key] * rng.choice((-1, 2, 1000))


def renamed_key(rng, tree, parent, key):
    """Give a value another key."""
    if isinstance(parent, dict):
        parent[rng.choice((f"{key}x", "module", "config", "class_name"))] = parent.pop(
            key
        )


TREE_CHANGES = (
    other_value,
    removed_value,
    value_from_elsewhere,
    nested_value,
    repeated_value,
    renamed_key,
)
