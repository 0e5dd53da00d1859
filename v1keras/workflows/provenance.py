"""The commit of the checkout that this package is used from."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
_CODE = ("v1keras", "configs", "tools")


def commit() -> str | None:
    """Return the commit of the checkout, and whether its code was changed since.

    Returns:
        String, or None outside a checkout.

    Example:

    >>> head = commit()
    >>> head is None or len(head.split()[0]) == 40
    True
    """
    head = _git("rev-parse", "HEAD")
    # An installed package may be inside another project's checkout.
    if head is None or not (ROOT / ".git").exists():
        return None
    if _git("status", "--porcelain", "--", *_CODE):
        return f"{head} with changes not committed"
    return head


def check_committed(path: str) -> None:
    """Check that a file is in the checkout's commit as it is on the disk.

    Args:
        path: String, path relative to the root of the checkout.

    Raises:
        ValueError: The file is not committed, or was changed since, or this is not a
            checkout.
    """
    if commit() is None:
        raise ValueError(
            f"{ROOT} is not a checkout of v1keras with its git history: a preset needs"
            " to name the commit of its configuration"
        )
    advice = "commit the configuration, so that the preset can be made again"
    if _git("ls-files", "--error-unmatch", "--", path) is None:
        raise ValueError(f"{path} is not committed in {ROOT}: {advice}")
    if _git("status", "--porcelain", "--", path):
        raise ValueError(f"{path} was changed since it was committed: {advice}")


def _git(*arguments):
    """Return what git prints, or None if it fails or is not installed."""
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
