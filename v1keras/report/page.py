"""One self-contained HTML page."""

import base64
import html
import io
import os
import pathlib
from typing import Any

from matplotlib import pyplot

from v1keras.io.atomic import atomic_write

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
    """Writes a page that needs nothing but itself.

    Args:
        path: the .html file.
        title: of the page.
        sections: list of (heading, explanation, content); the content is text, shown as
            it is, or a matplotlib figure, which is closed.

    Raises:
        OSError: the file can't be written.
    """
    body = [f"<h1>{html.escape(title)}</h1>"]
    for heading, explanation, content in sections:
        body.append(
            f"<h2>{html.escape(heading)}</h2>\n<p>{html.escape(explanation)}</p>"
        )
        if isinstance(content, str):
            body.append(f"<pre>{html.escape(content)}</pre>")
        else:
            body.append(
                f'<img alt="{html.escape(explanation)}"'
                f' src="data:image/png;base64,{_encode(content)}">'
            )
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
    )
    with atomic_write(pathlib.Path(path)) as beside:
        beside.write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>\n'
            + "\n".join(body)
            + "\n</body></html>\n"
        )


def _encode(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    pyplot.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()
