"""The build backend: setuptools, with a compiler found or fetched first.

Without a C compiler on the machine it asks for the ``ziglang`` wheel, which carries one.  Where the
headers of Python are missing no compiler helps, and the package installs uncompiled.
"""

import importlib.util
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  (a backend offers the names of the one it wraps)

# Where there is no such wheel the package installs uncompiled instead of not at all.
ZIG = (
    "ziglang>=0.13; sys_platform in 'linux darwin win32' and platform_machine in"
    " 'x86_64 AMD64 i386 i686 aarch64 arm64 ARM64 armv7l ppc64le s390x riscv64'"
)


class NoCompiler(Exception):
    """Nothing on this machine can compile an extension module."""


def choose_compiler() -> None:
    """Set CC and LDSHARED for setuptools when the machine's own compiler does not work.

    Raises:
        NoCompiler: neither a C compiler nor the ziglang wheel compiles for this Python.
    """
    if not _headers().is_file():
        raise NoCompiler(f"the headers of Python are missing ({_headers()})")
    if _compiles(_own_compiler()):
        return
    if importlib.util.find_spec("ziglang") is None:
        raise NoCompiler("no C compiler was found, and the ziglang wheel is not installed")
    zig = [sys.executable, "-m", "ziglang", "cc"]
    if not _compiles(zig):
        raise NoCompiler("the ziglang wheel does not compile for this Python")
    # Zig instruments undefined behaviour by itself, for which there is no library to link.
    os.environ["CC"] = os.environ["CXX"] = shlex.join([*zig, "-fno-sanitize=undefined"])
    os.environ["LDSHARED"] = shlex.join([*zig, "-shared"])
    os.environ["LDCXXSHARED"] = os.environ["LDSHARED"]


def get_requires_for_build_wheel(config_settings=None):
    return build_meta.get_requires_for_build_wheel(config_settings) + _compiler_wheel()


def get_requires_for_build_editable(config_settings=None):
    return build_meta.get_requires_for_build_editable(config_settings) + _compiler_wheel()


def _compiler_wheel() -> list[str]:
    wanted = os.environ.get("HEADWATER_BUILD", "auto") != "pure"
    if not wanted or not _headers().is_file() or _compiles(_own_compiler()):
        return []
    return [ZIG]


def _headers() -> Path:
    return Path(sysconfig.get_path("include"), "Python.h")


def _own_compiler() -> list[str]:
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def _compiles(compiler: list[str]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("#include <Python.h>\nint probe(void) { return 0; }\n")
        command = [*compiler, f"-I{_headers().parent}", "-c", str(source), "-o"]
        command.append(f"{folder}/probe.o")
        try:
            return subprocess.run(command, capture_output=True, timeout=300).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False
