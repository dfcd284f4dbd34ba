"""The house rules that a program can check: sizes, words, hot modules, the shape of the tests."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "headwater"
TESTS = ROOT / "tests"

# No file or function may pass the first figure; few may pass the second.
FILE_LINES = (800, 400)
FUNCTION_LINES = (70, 40)
FEW_FILES = 0.10
FEW_FUNCTIONS = 0.05

# The words are put together here, so that this file does not contain them.
FORBIDDEN = {
    "pick" + "le": r"\bc?pick" + r"le\b",
    "ev" + "al": r"(?<![\w.])ev" + r"al\(",
    "ex" + "ec": r"(?<![\w.])ex" + r"ec\(",
    "a shell": r"\bshell\s*=\s*" + "True|os\\.sys" + r"tem\(",
    "left to do": r"\b(TO" + "DO|FIX" + "ME|X" + r"XX)\b",
    "somebody's folder": r"(?<![\w.:/])/(ho" + r"me|wo" + r"rk|ro" + r"ot|Us" + r"ers)/\w",
}
# What has to sleep: it is what the others use instead.
MAY_SLEEP = {TESTS / "support" / "wait.py"}
SLEEPS = re.compile(r"\btime\.sle" + r"ep\(|\basyncio\.sle" + r"ep\((?!0\))")
# Folders of tests that are no package's.
OTHER_FOLDERS = {"support", "sim", "corrupt", "crash", "soak", "fuzz", "bench", "clients"}
# Packages whose tests run the whole server, and have names of their own.
WHOLE = {"server", "cli"}
# Packages of which every module has a test file to itself.
ONE_BY_ONE = ("base", "wire", "subjects", "accounts")

MADE = {"__pycache__", "out", "node_modules"}
TEXT_SUFFIXES = {".py", ".pxd", ".md", ".toml", ".cfg", ".ini", ".conf", ".txt", ".c", ".sh", ""}


def python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def project_files() -> Iterator[Path]:
    """Return every text file that belongs to the project."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and is_text(path))
    for name in ("src", "tests", "bench", "docs", "examples", "build_backend", ".ci"):
        for path in sorted((ROOT / name).rglob("*")):
            parts = path.relative_to(ROOT / name).parts
            made = MADE & {*parts} or any(part[0] == "." for part in parts)
            if path.is_file() and not made and ".egg-info" not in str(path) and is_text(path):
                yield path


def is_text(path: Path) -> bool:
    return path.suffix in TEXT_SUFFIXES and path.name != ".git"


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Return name and size of every function: lines without its docstring and decorators."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                size -= node.body[0].end_lineno - node.body[0].lineno + 1
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", size


def test_no_file_is_too_long():
    sizes = {path: len(path.read_text().splitlines()) for path in python_files(ROOT / "src")}
    hard, wished = FILE_LINES
    assert [str(path) for path, size in sizes.items() if size > hard] == []
    long = [f"{path.relative_to(ROOT)} {size}" for path, size in sizes.items() if size > wished]
    assert len(long) <= FEW_FILES * len(sizes), long


def test_no_function_is_too_long():
    sizes = [pair for path in python_files(ROOT / "src") for pair in functions(path)]
    hard, wished = FUNCTION_LINES
    assert [name for name, size in sizes if size > hard] == []
    long = [f"{name} {size}" for name, size in sizes if size > wished]
    assert len(long) <= FEW_FUNCTIONS * len(sizes), long


def test_every_module_says_what_it_is():
    files = [path for name in ("src", "tests", "bench") for path in python_files(ROOT / name)]
    files += [ROOT / "dev.py", ROOT / "setup.py"]
    written = [path for path in files if path.read_text().strip()]
    bare = [str(p.relative_to(ROOT)) for p in written if not ast.get_docstring(tree_of(p))]
    assert bare == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_written(what):
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in project_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("pick" + "le", "import pick" + "le"),
        ("ev" + "al", "x = ev" + "al(text)"),
        ("ex" + "ec", "ex" + "ec(code)"),
        ("a shell", "run(line, shell=" + "True)"),
        ("left to do", "# TO" + "DO later"),
        ("somebody's folder", "open('/ho" + "me/me/file')"),
    ],
)
def test_forbidden_words_are_recognised(what, line):
    assert re.search(FORBIDDEN[what], line)


def test_source_does_not_assert():
    # An assert is gone under python -O; base.errors.invariant stays.
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in python_files(ROOT / "src")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_tests_do_not_sleep():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files(TESTS)
        if path not in MAY_SLEEP
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SLEEPS.search(line)
    ]
    assert found == []


# --- the shape of the tests ------------------------------------------------------------------


def packages() -> set[str]:
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def test_every_test_folder_is_a_package_of_ours_or_known():
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name[0] not in "_."}
    assert folders - packages() - OTHER_FOLDERS == set()
    assert [name for name in sorted(folders) if not (TESTS / name / "__init__.py").is_file()] == []


@pytest.mark.parametrize("package", sorted(packages() - WHOLE))
def test_tests_mirror_the_package(package):
    """A test file is named after the module that it tests, and perhaps after what of it.

    Those that run against the real nats-server may test several, and have names of their own.
    """
    folder = TESTS / package
    modules = {path.stem for path in python_files(PACKAGE / package)} | {package}
    own = [path for path in folder.rglob("test_*.py") if "mark.hub" not in path.read_text()]
    names = [path.stem.removeprefix("test_") for path in own]
    stray = [
        name
        for name in names
        if not any(name == module or name.startswith(module + "_") for module in modules)
    ]
    assert stray == [], f"no module in {package} is tested by these"


@pytest.mark.parametrize("package", ONE_BY_ONE)
def test_every_module_has_its_tests(package):
    modules = {path.stem for path in (PACKAGE / package).glob("*.py")} - {"__init__"}
    tested = {path.stem.removeprefix("test_") for path in (TESTS / package).glob("test_*.py")}
    assert modules - tested == set()


# --- hot modules -----------------------------------------------------------------------------

HOT = sorted(PACKAGE.rglob("*.pxd"))
hot_modules = pytest.mark.parametrize("pxd", HOT, ids=lambda p: p.relative_to(PACKAGE).as_posix())


@hot_modules
def test_hot_modules_index_from_the_front(pxd):
    # Without wraparound a negative index is an error when compiled, and the last item when not.
    found = [
        node.lineno
        for node in ast.walk(tree_of(pxd.with_suffix(".py")))
        if isinstance(node, ast.Subscript) and _is_negative(node.slice)
    ]
    assert found == []


def _is_negative(index: ast.expr) -> bool:
    parts = [index.lower, index.upper] if isinstance(index, ast.Slice) else [index]
    return any(isinstance(p, ast.UnaryOp) and isinstance(p.op, ast.USub) for p in parts)


@hot_modules
def test_hot_modules_are_restricted_python(pxd):
    banned = (ast.AsyncFunctionDef, ast.Await, ast.Lambda, ast.Yield, ast.YieldFrom)
    nested = ast.FunctionDef | ast.AsyncFunctionDef
    found = []
    for node in ast.walk(tree_of(pxd.with_suffix(".py"))):
        if isinstance(node, banned):
            found.append(f"{type(node).__name__} in line {node.lineno}")
        if isinstance(node, ast.FunctionDef):
            inner = [n for n in ast.walk(node) if isinstance(n, nested) and n is not node]
            found += [f"function in a function in line {n.lineno}" for n in inner]
            if node.args.kwarg is not None:
                found.append(f"keyword dictionary in line {node.lineno}")
    assert found == []


@hot_modules
def test_pxd_declares_what_the_module_has(pxd):
    """Cython ignores a local that is gone, and finds a missing attribute only at run time."""
    module = tree_of(pxd.with_suffix(".py"))
    text = pxd.read_text()
    classes = {n.name: n for n in module.body if isinstance(n, ast.ClassDef)}
    wrong = []
    for name, attributes in declared_attributes(text).items():
        if name not in classes:
            wrong.append(f"no class {name}")
        elif attributes != slots_of(classes[name]):
            wrong.append(f"{name}: {sorted(attributes ^ slots_of(classes[name]))}")
    for name, local in declared_locals(text):
        if not any(local in names for names in names_in_functions(module, name)):
            wrong.append(f"no local {local} in {name}")
    assert wrong == []


def declared_attributes(text: str) -> dict[str, set[str]]:
    """Return the attributes that a .pxd gives each class."""
    found: dict[str, set[str]] = {}
    current: set[str] | None = None
    for line in text.splitlines():
        if match := re.match(r"cdef class (\w+)", line):
            current = found.setdefault(match[1], set())
        elif line and not line[0].isspace():
            current = None
        elif current is not None and (
            match := re.match(r"\s+cdef (?:public |readonly )?[^()=]*?([\w, ]+)$", line)
        ):
            words = match[1].strip().rpartition(" ")[2] if "," not in match[1] else match[1]
            current |= {word.split()[-1] for word in words.split(",") if word.strip()}
    return found


def declared_locals(text: str) -> list[tuple[str, str]]:
    """Return (function, local) of every ``cython.locals``."""
    pattern = r"@cython\.locals\((.*?)\)\s*c(?:p?def)\b[^(]*?(\w+)\("
    return [
        (function, local)
        for names, function in re.findall(pattern, text, re.DOTALL)
        for local in re.findall(r"(\w+)\s*=", names)
    ]


def slots_of(node: ast.ClassDef) -> set[str]:
    """Return the attributes of a class: its slots, or else what it assigns to ``self``."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__slots__":
            value = ast.literal_eval(statement.value)
            return {value} if isinstance(value, str) else set(value)
    return {
        n.attr
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute)
        and isinstance(n.ctx, ast.Store)
        and ast.unparse(n.value) == "self"
    }


def names_in_functions(module: ast.Module, name: str) -> Iterator[set[str]]:
    """Return the names used in each function called ``name``."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            yield names | {argument.arg for argument in node.args.args}


def test_drift_of_a_pxd_is_found():
    text = (
        "cdef class A:\n    cdef public bytes one\n    cdef const unsigned char[::1] two\n\n"
        "    @cython.locals(at=int, gone=list)\n    cpdef f(self, int at)\n"
    )
    assert declared_attributes(text) == {"A": {"one", "two"}}
    assert declared_locals(text) == [("f", "at"), ("f", "gone")]
    module = ast.parse("class A:\n    __slots__ = ('one',)\n    def f(self, at): x = at\n")
    assert slots_of(module.body[0]) == {"one"}
    assert list(names_in_functions(module, "f")) == [{"self", "at", "x"}]


# --- the project around the code -------------------------------------------------------------


def test_versions_agree():
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())
    written = re.search(r'__version__ = "(.*)"', (PACKAGE / "__init__.py").read_text())
    assert written is not None
    assert metadata["project"]["version"] == written[1]
    assert f"[{written[1]}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_automation_calls_what_newcomers_call():
    commands = (ROOT / ".ci" / "run").read_text()
    assert "make test" in commands
    assert "make test" in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
