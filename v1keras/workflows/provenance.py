"""The commit of the checkout that this package is used from."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
_CODE = ("v1keras", "configs", "tools")


def commit():
    """The checkout's commit, with a word where its code was changed since; None where
    this is no checkout.

    Example:

    >>> found = commit()
    >>> found is None or len(found.split()[0]) == 40
    True
    """
    head = _git("rev-parse", "HEAD")
    if (
        head is None or not (ROOT / ".git").exists()
    ):  # an installed package may lie inside another project's checkout
        return None
    return head + (
        " with changes not committed"
        if _git("status", "--porcelain", "--", *_CODE)
        else ""
    )


def check_committed(path):
    """Makes sure that a file is in the checkout's commit as it is on the disk.

    Args:
        path: relative to the root of the checkout.

    Raises:
        ValueError: it is not committed, or was changed since, or this is no checkout.
    """
    if commit() is None:
        raise ValueError(
            f"{ROOT} is no checkout of v1keras with its git history: a preset needs to"
            " name the commit of its configuration"
        )
    if _git("ls-files", "--error-unmatch", "--", path) is None:
        raise ValueError(
            f"{path} is not committed in {ROOT}: commit the configuration, so that the"
            " preset can be made again"
        )
    if _git("status", "--porcelain", "--", path):
        raise ValueError(
            f"{path} was changed since it was committed: commit the configuration, so"
            " that the preset can be made again"
        )


def _git(*arguments):
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True
        )
    except OSError:  # no git here
        return None
    return done.stdout.strip() if done.returncode == 0 else None
