#!/usr/bin/env python3
"""Execute docs/notebook.ipynb and store what its cells print and draw.

    .venv/bin/python tools/notebook.py

It needs no Jupyter.
"""

import ast
import base64
import contextlib
import io
import json
import pathlib
import sys

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from v1keras.io.atomic import atomic_write  # noqa: E402

NOTEBOOK = pathlib.Path(__file__).resolve().parent.parent / "docs" / "notebook.ipynb"


def execute(notebook):
    """Return the notebook with new outputs of its code cells.

    Args:
        notebook: Dict, as the file holds it.
    """
    names, cells, count = {}, [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            outputs = _outputs("".join(cell["source"]), names)
            cell = cell | {"execution_count": count, "outputs": outputs}
        cells.append(cell)
    return notebook | {"cells": cells}


def _outputs(source, names):
    """Return what a cell prints, and the figures it draws."""
    printed, outputs, value = io.StringIO(), [], None
    tree = ast.parse(source)
    ends_with_value = isinstance(tree.body[-1], ast.Expr)
    last = tree.body.pop() if ends_with_value and source[-1] != ";" else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    if printed.getvalue():
        lines = printed.getvalue().splitlines(keepends=True)
        outputs.append({"output_type": "stream", "name": "stdout", "text": lines})
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    if isinstance(value, Figure):
        figures.append(value)
    for figure in figures:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=70, bbox_inches="tight")
        image = base64.b64encode(buffer.getvalue()).decode()
        outputs.append(
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"image/png": image},
            }
        )
    pyplot.close("all")
    return outputs


def main():
    if sys.argv[1:]:
        print(__doc__)
        return
    executed = execute(json.loads(NOTEBOOK.read_text()))
    with atomic_write(NOTEBOOK) as path:
        path.write_text(json.dumps(executed, indent=1) + "\n")


if __name__ == "__main__":
    main()
