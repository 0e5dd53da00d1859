"""Packages that the extras of v1keras install."""

import importlib
from typing import Any


def import_extra(name: str, missing: str) -> Any:
    """Import a package that need not be installed.

    Args:
        name: String, name of the package.
        missing: String, what needs it, and how to install it.

    Raises:
        ValueError: It is not installed.

    Example:

    >>> import_extra("json", "not needed").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ValueError(missing) from None
