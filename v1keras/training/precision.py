"""Precision of the core, and the processors that compute in bfloat16."""

import pathlib
import re

PRECISIONS = ("float32", "mixed_bfloat16", "auto")
GPU_CAPABILITY = (8, 0)  # NVIDIA's first compute capability with bfloat16.
_CPU_FLAGS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512"}


def cpu_bfloat16():
    """Return the names of the CPU's bfloat16 instructions, None where unknown."""
    path = pathlib.Path("/proc/cpuinfo")
    if not path.exists():
        return None
    match = re.search(r"^flags\s*:(.*)$", path.read_text(), re.MULTILINE)
    if match is None:
        return None
    flags = match[1].split()
    return [name for flag, name in _CPU_FLAGS.items() if flag in flags]


def choose_precision(name, capabilities=()):
    """Return the Keras dtype policy that a core is computed in.

    Args:
        name: String, "float32", "mixed_bfloat16" or "auto": the second where every GPU,
            or without one the CPU, computes in bfloat16.
        capabilities: Sequence of (major, minor) compute capabilities, one per GPU.

    Raises:
        ValueError: Unknown name.

    Example:

    >>> choose_precision("auto", capabilities=[(7, 0)])
    'float32'
    """
    if name not in PRECISIONS:
        raise ValueError(
            f"training.precision: found {name!r}, expected one of"
            f" {', '.join(PRECISIONS)}"
        )
    if name != "auto":
        return name
    in_hardware = bool(cpu_bfloat16())
    if capabilities:
        in_hardware = min(map(tuple, capabilities)) >= GPU_CAPABILITY
    return "mixed_bfloat16" if in_hardware else "float32"
