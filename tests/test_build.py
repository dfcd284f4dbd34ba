"""How the hot modules are built and chosen: checks on, all or none, plain when asked."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from headwater import _build

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
HOT = sorted(SOURCE.glob("headwater/**/*.pxd"))
# With these, a bug in a hot module is an exception; see ARCHITECTURE.md.
CHECKS = {
    "boundscheck": True,
    "initializedcheck": True,
    "nonecheck": True,
    "cdivision": False,
    # Negative indexes are not used in hot modules (tests/test_tidy.py); off saves a branch each.
    "wraparound": False,
    "annotation_typing": False,
}
_DIRECTIVE = re.compile(r"#\s*cython\s*:|@cython\.(?!locals\b)\w+|cython\.(boundscheck|wraparound)")


def setup_value(name: str):
    """Return what setup.py assigns to ``name``, a literal."""
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"setup.py does not assign {name}")


def run_python(code: str, **environment: str) -> str:
    """Return what a fresh Python prints for ``code``."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_directives_leave_no_check_out():
    directives = setup_value("DIRECTIVES")
    assert {name: directives.get(name) for name in CHECKS} == CHECKS
    known = {*CHECKS, "language_level", "embedsignature"}
    assert set(directives) <= known, "a new directive needs a reason here"


@pytest.mark.parametrize("path", HOT, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_turns_a_check_off(path):
    for file in (path, path.with_suffix(".py")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            assert not _DIRECTIVE.search(line), f"{file}:{number}: {line}"


def test_the_directive_pattern_finds_directives():
    for line in ("# cython: boundscheck=False", "@cython.wraparound(False)", "@cython.nogil"):
        assert _DIRECTIVE.search(line)
    assert not _DIRECTIVE.search("@cython.locals(at=Py_ssize_t)")


def test_every_pxd_has_its_module():
    assert HOT
    assert [path for path in HOT if not path.with_suffix(".py").is_file()] == []


def test_hot_modules_are_plain_python():
    for path in HOT:
        tree = ast.parse(path.with_suffix(".py").read_text())
        imported = {
            name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for name in node.names
        }
        assert "cython" not in imported, path


def test_no_other_cython_sources():
    assert sorted(SOURCE.rglob("*.pyx")) == sorted(SOURCE.rglob("*.pxi")) == []


def test_setup_and_package_agree_on_what_is_hot():
    not_compiled = {f"headwater.{name.replace('/', '.')}" for name in _build._NOT_COMPILED}
    assert setup_value("NOT_COMPILED") == not_compiled
    names = {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in HOT}
    assert set(_build.hot_modules()) == names - not_compiled


def test_all_hot_modules_are_compiled_or_none():
    there = [module for module in _build.hot_modules() if _build.extension_of(module)]
    assert there in ([], _build.hot_modules())


def test_no_extension_without_a_hot_module():
    hot = {SOURCE / Path(*module.split(".")) for module in _build.hot_modules()}
    found = {
        path.with_name(path.name.partition(".")[0])
        for suffix in ("so", "pyd")
        for path in SOURCE.glob(f"headwater/**/*.{suffix}")
    }
    assert found <= hot | {SOURCE / "headwater" / "_cython_shared"}


_LOADED = """
import importlib, sys
from headwater import _build
for name in _build.hot_modules():
    importlib.import_module(name)
files = [getattr(module, "__file__", None) or "" for name, module in sys.modules.items()
         if name.partition(".")[0] == "headwater"]
print(sum(file.endswith((".so", ".pyd")) for file in files), _build.compiled())
"""


def test_pure_loads_no_extension():
    assert run_python(_LOADED, HEADWATER_PURE="1") == "0 False"


@pytest.mark.parametrize("value", ["", "0"])
def test_without_pure_all_extensions_are_loaded(value):
    count, compiled = run_python(_LOADED, HEADWATER_PURE=value).split()
    if compiled == "True":
        assert int(count) >= len(_build.hot_modules())
    else:
        assert count == "0"


_DESCRIBE = "from headwater import _build; print(_build.description())"


def test_description_says_that_pure_was_asked_for():
    text = run_python(_DESCRIBE, HEADWATER_PURE="1")
    built = any(_build.extension_of(module) for module in _build.hot_modules())
    reason = "HEADWATER_PURE is set" if built else "no compiled modules are installed"
    assert text == f"pure Python ({reason})"


def test_description_without_a_wish():
    text = run_python(_DESCRIBE, HEADWATER_PURE="")
    if all(_build.extension_of(module) for module in _build.hot_modules()):
        assert text == f"compiled ({len(_build.hot_modules())} modules)"
    else:
        assert text == "pure Python (no compiled modules are installed)"


@pytest.mark.parametrize(("value", "wanted"), [("", False), ("0", False), ("1", True)])
def test_pure_wanted(value, wanted, monkeypatch):
    monkeypatch.setenv("HEADWATER_PURE", value)
    assert _build.pure_wanted() is wanted
