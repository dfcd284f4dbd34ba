"""Which form of the hot modules runs: compiled or plain.

``HEADWATER_PURE=1`` makes imports of this package look at source files only, so that one
installation can be tested both ways.
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path

_PACKAGE = __name__.partition(".")[0]
_FOLDER = Path(__file__).parent
# The primitives are C functions inlined into the others; they are never a module of their own.
_NOT_COMPILED = {"base/octets"}


class _SourceOnly:
    """Finds modules of this package as source files, past any extension module beside them."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not name.startswith(_PACKAGE + ".") or path is None:
            return None
        for entry in path:
            spec = FileFinder(entry, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name)
            if spec is not None:
                return spec
        return None


def honour_environment() -> None:
    """Ignore the compiled modules when ``HEADWATER_PURE`` asks for it."""
    if pure_wanted() and _SourceOnly not in sys.meta_path:
        sys.meta_path.insert(0, _SourceOnly)


def pure_wanted() -> bool:
    """Tell whether ``HEADWATER_PURE`` is set to something other than 0 or nothing."""
    return os.environ.get("HEADWATER_PURE", "") not in ("", "0")


def hot_modules() -> list[str]:
    """Names of the modules that a full build compiles."""
    paths = (path.relative_to(_FOLDER).with_suffix("") for path in _FOLDER.rglob("*.pxd"))
    return sorted(
        f"{_PACKAGE}.{path.as_posix().replace('/', '.')}"
        for path in paths
        if path.as_posix() not in _NOT_COMPILED
    )


def extension_of(module: str) -> Path | None:
    """Return the compiled file of a hot module, or None when this Python can load none."""
    base = _FOLDER.joinpath(*module.split(".")[1:])
    names = (base.with_name(base.name + suffix) for suffix in EXTENSION_SUFFIXES)
    return next((path for path in names if path.is_file()), None)


def compiled() -> bool:
    """Tell whether the hot modules run compiled."""
    return not pure_wanted() and all(extension_of(module) for module in hot_modules())


def description() -> str:
    """Return one line on how the hot modules run, and why."""
    modules = hot_modules()
    if compiled():
        return f"compiled ({len(modules)} modules)"
    if pure_wanted() and any(extension_of(module) for module in modules):
        return "pure Python (HEADWATER_PURE is set)"
    return "pure Python (no compiled modules are installed)"
