"""Self-contained HTML pages."""

import importlib.resources
import os
import pathlib
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from v1keras.io.atomic import atomic_write
from v1keras.report.elements import (
    Check,
    Html,
    Tile,
    as_html,
    checks,
    plot,
    tiles,
)
from v1keras.report.figures import save_figure
from v1keras.report.figures.style import KINDS

_TRUST = "Can this be trusted?"


class Page:
    """A page that needs no other file, and its figures.

    Args:
        title: String.
        lead: String, a sentence below it.
        found: Sequence of `Tile`s, what was found.
        trust: Sequence of `Check`s, how sure it is; None leaves the section out.
        style: String, further CSS.

    Example:

    >>> import os, tempfile
    >>> from v1keras.report import Check, Tile
    >>> page = Page(
    ...     "My model",
    ...     "On Monday's recording.",
    ...     [Tile("0.61", "correlation", "of 20 neurons")],
    ...     [Check(True, "No image stands on two sides of the split.")],
    ... )
    >>> page.add("Notes", "Those of Monday.", "The animal was awake.")
    >>> path = os.path.join(tempfile.mkdtemp(), "report.html")
    >>> page.save(path)
    ['report.html']
    """

    def __init__(
        self,
        title: str,
        lead: str = "",
        found: Sequence[Tile] = (),
        trust: Sequence[Check] | None = None,
        style: str = "",
    ) -> None:
        self.title, self.style = title, style
        self.figures: dict[str, Figure] = {}
        self._parts = [f"<h1>{as_html(title)}</h1>"]
        if lead:
            self._parts.append(f'<p class="lead">{as_html(lead)}</p>')
        if found:
            self._parts.append(tiles(found))
        if trust is not None:
            self.add(_TRUST, _verdict(trust), checks(trust))

    def add(self, heading: str, explanation: str, content: str) -> None:
        """Add a section.

        Args:
            heading: String.
            explanation: String, a sentence or two.
            content: String; `Html` stands as it is, other text verbatim.
        """
        self._parts.append(f"<h2>{as_html(heading)}</h2>")
        if explanation:
            self._parts.append(f"<p>{as_html(explanation)}</p>")
        if not isinstance(content, Html):
            content = f"<pre>{as_html(content)}</pre>"
        self._parts.append(content)

    def add_plots(
        self, heading: str, explanation: str, figures: Mapping[str, Figure]
    ) -> None:
        """Add a section of plots, side by side where there is room.

        Args:
            heading: String.
            explanation: String, a sentence or two, also for those who can't see them.
            figures: Dict, name of a figure's file -> figure.
        """
        self.figures |= figures
        drawn = [plot(figure, explanation) for figure in figures.values()]
        self.add(
            heading, explanation, Html(f'<div class="plots">{"".join(drawn)}</div>')
        )

    def save(
        self, path: str | os.PathLike[str], figures: str | None = None
    ) -> list[str]:
        """Write the page and, if asked for, each figure to a file of its own.

        Args:
            path: The .html file.
            figures: String, "pdf", "svg" or "png": for page.html, the figures are
                page-NAME.pdf. None for none.

        Returns:
            List of strings, names of the files.

        Raises:
            ValueError: Another kind of figure is asked for.
            OSError: A file can't be written.
        """
        path = pathlib.Path(path)
        if figures not in (None, *KINDS):
            raise ValueError(
                f"figures: found {figures!r}, expected {', '.join(KINDS)} or None"
            )
        style = asset("page.css") + self.style
        head = (
            '<meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="icon" href="data:,">'
            f"<title>{as_html(self.title)}</title><style>{style}</style>"
        )
        with atomic_write(path) as temporary:
            temporary.write_text(
                f'<!doctype html><html lang="en"><head>{head}</head><body>\n'
                + "\n".join(self._parts)
                + "\n</body></html>\n",
                "utf-8",
            )
        written = [path.name]
        for name, figure in self.figures.items() if figures else ():
            written.append(f"{path.stem}-{name}.{figures}")
            save_figure(figure, path.with_name(written[-1]))
        return written


def _verdict(trust):
    """Return a sentence on how many checks passed."""
    passed = sum(check.passed is True for check in trust)
    if passed == len(trust):
        return f"All {passed} checks passed."
    return (
        f"{passed} of {len(trust)} checks passed; each of the others says what to do"
        " next."
    )


def asset(name):
    """Return a style sheet or a script of a page, as it lies beside this file."""
    return (importlib.resources.files("v1keras.report") / name).read_text("utf-8")
