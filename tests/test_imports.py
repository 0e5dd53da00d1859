"""Data flows one way: the stages import nothing from one another."""

import ast
import pathlib

import pytest

import v1keras

ROOT = pathlib.Path(v1keras.__file__).parent
STAGES = {"data", "models", "training", "evaluation", "inversion", "characterization"}
# Each floor imports from those below it alone: commands, workflows, stages, io.
ALLOWED = {stage: {stage, "io"} for stage in STAGES} | {
    "io": {"io"},
    "report": {"report", "io"},
    "zoo": {"zoo", "models", "io", "_version"},
    "workflows": {
        "workflows",
        "config",
        "former_keys",
        "_version",
        "zoo",
        "report",
        "io",
    }
    | STAGES,
}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_stage_imports_no_other_stage(path):
    stage = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if path.name == "__main__.py" or stage not in ALLOWED:
        stage = None  # a command or a shared file: may import all
    for name in imported(path):
        parts = name.split(".")
        assert (
            not (name.startswith("v1keras.") and stage) or parts[1] in ALLOWED[stage]
        ), f"{path} imports {name}"
