"""How the package is built: floors, models' protocol, sizes."""

import ast
import pathlib
import subprocess

import pytest

import v1keras

ROOT = pathlib.Path(v1keras.__file__).parent
CHECKOUT = ROOT.parent
MODULES = sorted(ROOT.rglob("*.py"))
STAGES = {"data", "models", "training", "evaluation", "inversion", "characterization"}
STAGES |= {"experiment"}
# Each floor imports from those below it alone: commands, workflows, stages, io.
ALLOWED = {stage: {stage, "io"} for stage in STAGES} | {
    "io": {"io"},
    "config": {"config", "config_values", "former_keys"},
    "config_values": {"config_values"},
    "former_keys": {"former_keys"},
    "report": {"report", "io"},
    "zoo": {"zoo", "models", "io", "_version"},
    "workflows": {
        "workflows",
        "config",
        "config_values",
        "former_keys",
        "_version",
        "zoo",
        "report",
        "io",
    }
    | STAGES,
}
COMMANDS = ["train.py", "evaluate.py", "invert.py", "data/__main__.py"]
COMMANDS += ["zoo/__main__.py", "__main__.py", "doctor.py", "completion.py"]
COMMANDS += ["experiment/__main__.py"]
COMMANDS += ["tune.py"]
MODEL_CLASSES = {"PopulationModel", "V1Model", "MultiSessionModel", "Ensemble"}
MODEL_CLASSES |= {"Concatenated"}
BRANCHES = {"data", "core", "readout", "ridge", "training", "evaluation"}
# Its methods do what functions of the public API do, as those of Keras's models.
PUBLIC_API_USED = {"models/population_model.py"}
# Only these functions, and those of the workflows, take a whole configuration.
OPEN_CONFIGURATIONS = {*COMMANDS, "config.py", "former_keys.py"}


def name_of(path):
    return str(path.relative_to(ROOT))


def imported(path):
    """Yield the dotted name of everything that a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_import_from_the_floors_below(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if path.name == "__main__.py" or room not in ALLOWED:
        return  # a command: may import all
    for name in imported(path):
        if name == "v1keras":
            assert name_of(path) in PUBLIC_API_USED, f"{path} imports v1keras"
        if name.startswith("v1keras."):
            assert name.split(".")[1] in ALLOWED[room], f"{path} imports {name}"


def module_graph():
    """Return the modules that each module imports when it is imported itself."""
    names = {}
    for path in MODULES:
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        names[name] = path
    graph = {}
    for name, path in names.items():
        graph[name] = set()
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            for alias in node.names:
                module = getattr(node, "module", None)
                target = f"{module}.{alias.name}" if module else alias.name
                target = target if target in names else module
                if target in names and target != "v1keras":
                    graph[name].add(target)
    return graph


def test_no_circle_of_imports():
    graph, done = module_graph(), set()

    def visit(name, path):
        assert name not in path, f"a circle: {' -> '.join([*path, name])}"
        if name in done:
            return
        for target in graph[name]:
            # A package lists what its modules hold; they do not import the package.
            if not target.startswith(f"{name}.") or name in graph.get(target, ()):
                visit(target, [*path, name])
        done.add(name)

    assert len(graph) > 100
    for name in graph:
        visit(name, [])


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_one_asks_which_class_a_model_has(path):
    """What is asked of a model is a method of `PopulationModel`."""
    if path.relative_to(ROOT).parts[0] == "models":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            names = {
                part.id if isinstance(part, ast.Name) else getattr(part, "attr", "")
                for part in ast.walk(node.args[1])
            }
            assert not names & MODEL_CLASSES, f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_stages_take_their_branch_of_the_configuration(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room not in STAGES | {"io", "report", "zoo"}:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in BRANCHES:
            owner = ast.unparse(node.value)
            assert owner not in ("config", "self.config"), f"{path}:{node.lineno}"


def branches_read(function, parameter):
    """Return the branches that a function reads from one of its parameters.

    They are read as `config.core`, `config["core"]` or `config.get("core")`.
    """
    keys = set()
    for node in ast.walk(function):
        owner = getattr(node, "value", None)
        if isinstance(node, ast.Attribute):
            key = node.attr
        elif isinstance(node, ast.Subscript):
            key = getattr(node.slice, "value", None)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_get = node.func.attr == "get" and node.args
            key = getattr(node.args[0], "value", None) if is_get else None
            owner = node.func.value
        else:
            continue
        if isinstance(owner, ast.Name) and owner.id == parameter:
            keys.add(key)
    return keys & BRANCHES


def takers_of_configurations(text):
    """Yield the name and the line of each function that takes a whole configuration.

    A core and a readout alone are also what a model has, and its Keras configuration.
    """
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue
        arguments = node.args
        for argument in arguments.posonlyargs + arguments.args + arguments.kwonlyargs:
            annotation = ast.unparse(argument.annotation or ast.Constant(None))
            branches = branches_read(node, argument.arg)
            is_whole = len(branches) > 1 and branches != {"core", "readout"}
            if is_whole or "ConfigDict" in annotation:
                yield getattr(node, "name", "lambda"), node.lineno


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_workflows_and_commands_take_a_whole_configuration(path):
    name = name_of(path)
    if name in OPEN_CONFIGURATIONS or name.startswith("workflows/"):
        return
    assert list(takers_of_configurations(path.read_text())) == []


@pytest.mark.parametrize(
    "taker",
    [
        "def f(config): return config.core, config.training",
        "def f(*, settings): return settings['data'], settings.get('core')",
        "def f(whole: ml_collections.ConfigDict): return g(whole)",
        "f = lambda c: (c.core, c.readout, c.ridge)",
    ],
)
def test_a_function_that_takes_a_whole_configuration_is_noticed(taker):
    assert len(list(takers_of_configurations(taker))) == 1


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_have_at_most_300_lines(path):
    lines = len(path.read_text().splitlines())
    assert lines <= 300


def listed_files():
    """Yield the path and the lines of every Python file and script of the checkout."""
    if not (CHECKOUT / ".git").exists():
        pytest.skip("not a checkout: no list of files")
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "tools"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if pathlib.Path(name).suffix in ("", ".py", ".sh"):
            yield name, (CHECKOUT / name).read_text().splitlines()


def test_files_of_tests_and_tools_have_at_most_300_lines():
    assert [name for name, lines in listed_files() if len(lines) > 300] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_have_at_most_80_lines(name):
    lines = len((ROOT / name).read_text().splitlines())
    assert lines <= 80


def test_lines_have_at_most_88_columns():
    wide = []
    for name, lines in listed_files():
        for number, line in enumerate(lines, 1):
            if len(line) > 88:
                wide.append(f"{name}:{number}")
    assert not wide
