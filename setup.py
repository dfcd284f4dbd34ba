"""Compile the hot modules when a compiler can be had; otherwise install them as plain Python.

A hot module is a ``.py`` with a ``.pxd`` beside it.  They ``cimport`` one another, so the build
keeps all of them or none.  ``HEADWATER_BUILD`` chooses: ``auto`` (the default) compiles if it can,
``pure`` never does, ``compiled`` fails when it cannot.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "build_backend"))

import headwater_build  # noqa: E402  (it lies in a folder of its own, as build backends do)

BUILD = os.environ.get("HEADWATER_BUILD", "auto")
# The other commands (egg_info, dist_info, sdist) ask for metadata, some of them before the compiler
# that the build backend asked for is there.
BUILDING = {"bdist_wheel", "build", "build_ext", "develop", "editable_wheel", "install"}
SHARED = "headwater._cython_shared"
# The primitives exist in C as inline functions of their .pxd only.
NOT_COMPILED = {"headwater.base.octets"}
# Checks stay on: a bug in a hot module is an exception, never a crash (tests/test_build.py).
DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "boundscheck": True,
    "initializedcheck": True,
    "nonecheck": True,
    "wraparound": False,
    "cdivision": False,
    "embedsignature": True,
}
COMPILE_ARGS = ["-O2", "-g0", "-fno-strict-aliasing"]
LINK_ARGS = ["-Wl,-s"] if sys.platform.startswith("linux") else []


def hot_modules() -> list[str]:
    """Names of the modules to compile."""
    found = (ROOT / "src").glob("headwater/**/*.pxd")
    names = (".".join(path.relative_to(ROOT / "src").with_suffix("").parts) for path in found)
    return sorted(set(names) - NOT_COMPILED)


def extensions() -> list[Extension]:
    """The hot modules as extensions, or none when they cannot be compiled."""
    if BUILD == "pure" or not BUILDING & {*sys.argv}:
        return []
    try:
        headwater_build.choose_compiler()
        from Cython.Build import cythonize
        from Cython.Build.SharedModule import generate_shared_module
        from Cython.Compiler.Options import CompilationOptions
    except (ImportError, headwater_build.NoCompiler) as error:
        if BUILD == "compiled":
            raise
        print(f"headwater: installing uncompiled: {error}", file=sys.stderr)
        return []
    work = Path("build/cython")
    work.mkdir(parents=True, exist_ok=True)
    shared = work / "_cython_shared.c"
    generate_shared_module(CompilationOptions(shared_c_file_path=str(shared)))
    arguments = {"extra_compile_args": COMPILE_ARGS, "extra_link_args": LINK_ARGS}
    sources = [
        Extension(name, ["src/" + name.replace(".", "/") + ".py"], **arguments)
        for name in hot_modules()
    ]
    return [
        Extension(SHARED, [str(shared)], **arguments),
        *cythonize(
            sources,
            build_dir=str(work),
            nthreads=0,
            compiler_directives=DIRECTIVES,
            shared_utility_qualified_name=SHARED,
        ),
    ]


class AllOrNothing(build_ext):
    """Compile in parallel; when one extension fails, keep none of them."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            if BUILD == "compiled":
                raise
            self._remove_outputs()
            self.extensions = self.distribution.ext_modules = []
            print(f"headwater: installing uncompiled: {error}", file=sys.stderr)

    def _remove_outputs(self) -> None:
        for extension in self.extensions:
            for path in (
                Path(self.build_lib, self.get_ext_filename(self.get_ext_fullname(extension.name))),
                Path(self.get_ext_fullpath(extension.name)),
            ):
                path.unlink(missing_ok=True)


setup(ext_modules=extensions(), cmdclass={"build_ext": AllOrNothing})
