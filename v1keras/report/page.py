"""Self-contained HTML pages."""

import base64
import html
import io
import os
import pathlib
from typing import Any

from matplotlib import pyplot

from v1keras.io.atomic import atomic_write
from v1keras.io.terminal import printable

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid #8886; border-radius: .3rem;
  font-size: 13px; }
img { max-width: 100%; background: white; border-radius: .3rem; }
"""


def write_page(
    path: str | os.PathLike[str], title: str, sections: list[tuple[str, str, Any]]
) -> None:
    """Write a page that needs no other file.

    Args:
        path: The .html file.
        title: String, title of the page.
        sections: List of tuples (heading, explanation, content); the content is text,
            shown verbatim, or a matplotlib figure, which is closed.

    Raises:
        OSError: The file can't be written.
    """
    body = [f"<h1>{as_html(title)}</h1>"]
    for heading, explanation, content in sections:
        body.append(f"<h2>{as_html(heading)}</h2>\n<p>{as_html(explanation)}</p>")
        if isinstance(content, str):
            body.append(f"<pre>{as_html(content)}</pre>")
        else:
            body.append(
                f'<img alt="{as_html(explanation)}"'
                f' src="data:image/png;base64,{_encode(content)}">'
            )
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{as_html(title)}</title><style>{STYLE}</style>"
    )
    with atomic_write(pathlib.Path(path)) as temporary:
        temporary.write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>\n'
            + "\n".join(body)
            + "\n</body></html>\n",
            "utf-8",
        )


def as_html(text: str) -> str:
    """Return text of others as HTML that shows it, control characters as escapes."""
    return html.escape(printable(text))


def _encode(figure):
    """Return a figure as PNG in base 64, and close it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    pyplot.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()
