"""Which processors compute in bfloat16, and what a configuration's `training.precision`
then means.
"""

import pathlib
import re

PRECISIONS = ("float32", "mixed_bfloat16", "auto")
GPU_CAPABILITY = (8, 0)  # the first of NVIDIA's with bfloat16
_CPU_FLAGS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512"}


def cpu_bfloat16():
    """Names of the instructions for bfloat16 that the CPU has; None where the system
    does not tell.
    """
    path = pathlib.Path("/proc/cpuinfo")
    flags = (
        re.search(r"^flags\s*:(.*)$", path.read_text(), re.MULTILINE)
        if path.exists()
        else None
    )
    return (
        None
        if flags is None
        else [name for flag, name in _CPU_FLAGS.items() if flag in flags[1].split()]
    )


def choose_precision(name, capabilities=()):
    """The precision that a core is computed in.

    Args:
        name: "float32", "mixed_bfloat16" or "auto": the latter where every GPU, or else
            the CPU, computes in bfloat16.
        capabilities: (major, minor) of each GPU.

    Raises:
        ValueError: unknown name.

    Example:

    >>> choose_precision("auto", capabilities=[(7, 0)])
    'float32'
    """
    if name not in PRECISIONS:
        raise ValueError(
            f"training.precision: found {name!r}, expected one of"
            f" {', '.join(PRECISIONS)}"
        )
    if name == "auto":
        fits = (
            all(tuple(each) >= GPU_CAPABILITY for each in capabilities)
            if capabilities
            else cpu_bfloat16()
        )
        return "mixed_bfloat16" if fits else "float32"
    return name
