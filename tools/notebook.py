#!/usr/bin/env python3
"""Executes docs/notebook.ipynb from its first cell to its last and keeps in it what
they print and draw, as Jupyter would.

    .venv/bin/python tools/notebook.py
"""

import ast
import base64
import contextlib
import io
import json
import pathlib

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402

from v1keras.io.atomic import atomic_write  # noqa: E402

NOTEBOOK = pathlib.Path(__file__).resolve().parent.parent / "docs" / "notebook.ipynb"


def execute(notebook):
    """The notebook with the outputs of its code cells made anew.

    Args:
        notebook: dict, as the file holds it.
    """
    names, cells, count = {}, [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell = cell | {
                "execution_count": count,
                "outputs": _outputs("".join(cell["source"]), names),
            }
        cells.append(cell)
    return notebook | {"cells": cells}


def _outputs(source, names):
    """What a cell prints, and the figures it draws."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.parse(source), "cell", "exec"), names)
    outputs = (
        [
            {
                "output_type": "stream",
                "name": "stdout",
                "text": printed.getvalue().splitlines(keepends=True),
            }
        ]
        if printed.getvalue()
        else []
    )
    for number in pyplot.get_fignums():
        buffer = io.BytesIO()
        pyplot.figure(number).savefig(buffer, format="png", dpi=70, bbox_inches="tight")
        outputs.append(
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"image/png": base64.b64encode(buffer.getvalue()).decode()},
            }
        )
    pyplot.close("all")
    return outputs


def main():
    made = execute(json.loads(NOTEBOOK.read_text()))
    with atomic_write(NOTEBOOK) as beside:
        beside.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
