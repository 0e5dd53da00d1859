"""The code as `ruff` and `mypy` want it; the rules are in pyproject.toml."""

import importlib
import inspect
import os
import pathlib
import re
import subprocess
import sys

import pytest

import v1keras

ROOT = pathlib.Path(__file__).resolve().parents[1]
STAGES = (
    "data",
    "models",
    "training",
    "evaluation",
    "zoo",
    "inversion",
    "characterization",
    "report",
    "experiment",
)
# Functions that docs/api.md names beside the stages.
OTHERS = {
    "v1keras.config": ["default", "names", "find", "resolve"],
    "v1keras.workflows.build": ["build_model", "fit_ridge"],
    "v1keras.workflows.compare": ["compare"],
    "v1keras.workflows.fit": ["fit"],
    "v1keras.workflows.invert": ["preferred_stimuli", "characterize"],
    "v1keras.workflows.report": ["write_report"],
    "v1keras.workflows.save_model": ["save_model"],
    "v1keras.workflows.score": ["score"],
    "v1keras.workflows.search_space": ["read_space"],
    "v1keras.workflows.train": ["train_and_evaluate"],
    "v1keras.workflows.tune": ["tune"],
    "v1keras.workflows.reopen": ["open_models", "open_model"],
    "v1keras.inversion.controls": ["controls", "filter_cosines"],
    "v1keras.data.sources": ["read"],
    "v1keras.training.losses": ["PoissonLoss"],
    "v1keras.evaluation.streaming": ["Correlation"],
}
# What Keras calls, as Keras has it.
KERAS = re.compile(
    "build|call|compute_output_shape|get_config|from_config|on_.*|update_state|result"
)
WRONG = """import v1keras
v1keras.simulate_recording('many')
v1keras.zoo.load(3)
v1keras.evaluation.cc_norm([1.0], [2.0], 3)
"""


def run(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, **options
    )


@pytest.mark.parametrize(
    "what",
    [
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--diff", "--no-cache", "."],
        pytest.param(
            ["mypy", "--cache-dir=/dev/null", "v1keras"], marks=pytest.mark.slow
        ),
    ],
    ids=" ".join,
)
def test_style(what):
    done = run(*what, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_users_are_told_of_wrong_types(tmp_path):
    """mypy reads the hints of the package as of any other that is typed."""
    (tmp_path / "use.py").write_text(WRONG)
    done = run(
        "mypy",
        "--ignore-missing-imports",
        "use.py",
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(ROOT)},
    )
    # mypy is silent about an installed package; here it reads the checkout.
    theirs = [line for line in done.stdout.splitlines() if line.startswith("use.py:")]
    lines = [line.split(":")[1] for line in theirs if "[arg-type]" in line]
    assert lines == ["2", "3", "4", "4", "4"], done.stdout


def public():
    for stage in STAGES:
        module = getattr(v1keras, stage)
        yield from (
            pytest.param(getattr(module, name), id=f"{stage}.{name}")
            for name in module.__all__
            if callable(getattr(module, name))
        )
    for name, functions in OTHERS.items():
        yield from (
            pytest.param(
                getattr(importlib.import_module(name), each), id=f"{name}.{each}"
            )
            for each in functions
        )


@pytest.mark.parametrize("thing", public())
def test_public_functions_have_type_hints(thing):
    functions = [thing]
    if inspect.isclass(thing):
        own = [
            value
            for name, value in vars(thing).items()
            if (name == "__init__" or name[0] != "_") and not KERAS.fullmatch(name)
        ]
        own = [
            getattr(value, "__func__", getattr(value, "fget", value)) for value in own
        ]
        functions = [value for value in own if inspect.isfunction(value)]
    for function in functions:
        signature = inspect.signature(function)
        bare = [
            name
            for name, each in signature.parameters.items()
            if each.annotation is each.empty and name not in ("self", "cls")
        ]
        assert not bare and signature.return_annotation is not signature.empty, (
            f"{function.__qualname__}: {bare or 'what it returns'}"
        )
