"""Whether what v1keras needs is there: `v1keras doctor`."""

import dataclasses
import importlib
import importlib.metadata
import os
import pathlib
import platform
import shutil
import tempfile
import textwrap

from v1keras import zoo
from v1keras._version import __version__
from v1keras.data import sources
from v1keras.data.sources.locate import FOLDER_VARIABLE
from v1keras.io.download import cache_folder
from v1keras.io.quiet import quiet_start
from v1keras.training import precision
from v1keras.workflows import provenance

_WIDTH = 80
_LEAST_ROOM = 200 << 20  # bytes: the quickstart's workdir, several times over
_PACKAGES = (
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "tf-keras",
    "numpy",
    "scipy",
    "h5py",
)


@dataclasses.dataclass
class Finding:
    """One line of the table.

    Args:
        name: what was looked at.
        found: in words.
        fix: how to mend it; "" where nothing is broken.
    """

    name: str
    found: str
    fix: str = ""


def examine():
    """Looks at everything, in the order of the table.

    Returns:
        list of `Finding`s.
    """
    found = [_package(), _versions()]
    found += _devices()
    found += [
        _data(),
        _presets(),
        _folder(
            "folder here",
            pathlib.Path.cwd(),
            "change to a folder that you can write to",
        ),
    ]
    return [
        *found,
        _folder(
            "cache",
            cache_folder(),
            "set XDG_CACHE_HOME to a folder that you can write to",
        ),
    ]


def table(findings):
    """The findings as text of at most 80 columns.

    Example:

    >>> print(
    ...     table(
    ...         [Finding("keras", "3.15.1"), Finding("cache", "no room", "make some")]
    ...     )
    ... )
    keras        ok      3.15.1
    cache        BROKEN  no room
                         fix: make some
    """
    lines = []
    for finding in findings:
        head = f"{finding.name:<12} {'BROKEN' if finding.fix else 'ok':<7} "
        blank = " " * len(head)
        lines += textwrap.wrap(
            finding.found,
            _WIDTH,
            initial_indent=head,
            subsequent_indent=blank,
            break_on_hyphens=False,
        )
        if finding.fix:
            lines += textwrap.wrap(
                f"fix: {finding.fix}",
                _WIDTH,
                initial_indent=blank,
                subsequent_indent=blank,
                break_on_hyphens=False,
            )
    return "\n".join(lines)


def _package():
    return Finding(
        "v1keras",
        f"{__version__} in {provenance.ROOT}; commit:"
        f" {provenance.commit() or 'no checkout'}",
    )


def _versions():
    """The packages that matter, against what v1keras states to need."""
    from packaging.requirements import Requirement  # which Keras brings

    have = {name: _version(name) for name in _PACKAGES}
    try:
        needed = map(Requirement, importlib.metadata.requires("v1keras") or [])
    except (
        importlib.metadata.PackageNotFoundError
    ):  # used from a checkout that is not installed
        needed = []
    needed = [
        each
        for each in needed
        if each.marker is None or each.marker.evaluate({"extra": ""})
    ]
    wrong = [
        f"{each.name}{each.specifier}"
        for each in needed
        if not each.specifier.contains(_version(each.name) or "0", prereleases=True)
    ]
    told = ", ".join(
        [
            f"Python {platform.python_version()}",
            *(f"{name} {version or 'missing'}" for name, version in have.items()),
        ]
    )
    return Finding(
        "versions", told, f"pip install {' '.join(map(repr, wrong))}" if wrong else ""
    )


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _devices():
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        return [
            Finding(
                "devices",
                f"KERAS_BACKEND is {backend}",
                "unset KERAS_BACKEND: training and inversion need TensorFlow",
            )
        ]
    try:
        with quiet_start():
            tf = importlib.import_module("tensorflow")
            importlib.import_module("v1keras.models")
            gpus = tf.config.list_physical_devices("GPU")
            details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    except Exception as error:  # whatever a half-installed package raises
        return [
            Finding(
                "devices",
                f"TensorFlow and Keras do not start: {error}",
                "pip install --force-reinstall v1keras, into a new environment",
            )
        ]
    cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count()
    )
    names = [str(each.get("device_name", "a GPU")) for each in details]
    told = f"{cores} CPU cores; {len(gpus)} GPUs{': ' * bool(names)}{', '.join(names)}"
    unseen = not gpus and pathlib.Path("/proc/driver/nvidia/version").exists()
    fix = (
        "pip install 'v1keras[gpu]'; or hide the driver's GPUs on purpose with"
        " CUDA_VISIBLE_DEVICES=-1"
        if unseen
        else ""
    )
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("-1", ""):
        fix = ""
    found = Finding(
        "devices",
        told + "; an NVIDIA driver is here, but TensorFlow sees no GPU" * bool(fix),
        fix,
    )
    return [
        found,
        Finding(
            "precision",
            "float32; "
            + _bfloat16([each.get("compute_capability", (0, 0)) for each in details]),
        ),
    ]


def _bfloat16(capabilities):
    """Where bfloat16 is computed in hardware: on NVIDIA GPUs from compute capability
    8.0.
    """
    ways = precision.cpu_bfloat16()
    if ways is None:
        cpu = "not known of this CPU"
    else:
        cpu = (
            f"in hardware on the CPU ({', '.join(ways)})"
            if ways
            else "only emulated on the CPU (slow)"
        )
    gpu = []
    for i, capability in enumerate(capabilities):
        in_hardware = tuple(capability) >= precision.GPU_CAPABILITY
        gpu.append(f"{'in hardware' if in_hardware else 'only emulated'} on GPU {i}")
    return "bfloat16 " + ", ".join([cpu, *gpu])


def _data():
    name = os.environ.get(FOLDER_VARIABLE)
    if not name:
        return Finding(
            "data",
            f"{FOLDER_VARIABLE} is not set: public datasets are downloaded where they"
            " are served freely",
        )
    folder = pathlib.Path(name)
    if not folder.is_dir():
        fix = f"set {FOLDER_VARIABLE} to the folder of your datasets, or unset it"
        return Finding("data", f"{FOLDER_VARIABLE} is {name}, which is no folder", fix)
    try:
        held = sorted(
            each.name
            for each in folder.iterdir()
            if each.is_dir() and any(each.iterdir())
        )
    except OSError as error:
        return Finding(
            "data",
            f"{folder} can't be read: {error.strerror}",
            "let yourself read it (chmod)",
        )
    known = [
        each
        for each in held
        if any(
            source == each or source.startswith(f"{each}_")
            for source in sources.SOURCES
        )
    ]
    return Finding(
        "data",
        f"{FOLDER_VARIABLE} is {folder}, which holds"
        f" {', '.join(known) or 'no public dataset'}",
    )


def _presets():
    names, broken = zoo.names(), []
    for name in names:
        try:
            zoo.check_files(name)
        except (ValueError, OSError) as error:
            broken.append(str(error))
    if broken or not names:
        fix = (
            "pip install --force-reinstall --no-deps v1keras; in a checkout: git"
            " checkout -- zoo"
        )
        return Finding(
            "presets",
            f"{len(broken)} of {len(names)} damaged: {'; '.join(broken)}",
            fix,
        )
    return Finding(
        "presets", f"{len(names)}, every file has its sha256: {', '.join(names)}"
    )


def _folder(name, folder, fix):
    """Whether files can be written to a folder, or to the one that it would be made in,
    and how much room there is.
    """
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding(name, f"{folder}: can't be written to ({error.strerror})", fix)
    told = f"{folder}: can be written to, {free / 1e9:.1f} GB free"
    return Finding(
        name, told, f"make room there, or {fix}" if free < _LEAST_ROOM else ""
    )
