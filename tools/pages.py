"""Pages of the documentation that lie elsewhere: the notebook and RESULTS.md.

mkdocs.yml names this file as its hook.
"""

import base64
import json
import pathlib

from mkdocs.structure.files import File

_ROOT = pathlib.Path(__file__).resolve().parent.parent


def on_files(files, config):
    """Add the pages to those that are built."""
    notebook, pictures = _notebook()
    for name, content in {"notebook.md": notebook, "results.md": _results()}.items():
        files.append(File.generated(config, name, content=content))
    for name, content in pictures.items():
        files.append(File.generated(config, name, content=content))
    return files


def _results():
    """Return RESULTS.md as a page of docs/."""
    return (_ROOT / "RESULTS.md").read_text("utf-8").replace("](docs/", "](")


def _notebook():
    """Return the notebook as Markdown, and its pictures by name."""
    stored = json.loads((_ROOT / "docs" / "notebook.ipynb").read_text("utf-8"))
    parts, pictures = [], {}
    for cell in stored["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = "".join(output.get("text", data.get("text/plain", "")))
            if "image/png" in data:
                name = f"notebook_{len(pictures)}.png"
                pictures[name] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![what the cell draws]({name})")
            elif text:
                parts.append(f"```text\n{text.rstrip()}\n```")
    parts.append("[The notebook itself](notebook.ipynb)")
    return "\n\n".join(parts), pictures
