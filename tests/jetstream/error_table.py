"""Write the table of JetStream API errors from nats-server's list of them.

    python -m tests.jetstream.error_table

``errors.json`` is what nats-server's ``server/errors.json`` says of each error, by number (its
licence: see NOTICE).  The names of our constants follow from those of its.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("errors.json")
TABLE = ROOT / "src" / "headwater" / "jetstream" / "api_errors.py"

_AFFIXES = re.compile(r"^JS|(Err|Error)?F?$")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_HEAD = '''"""The errors of the JetStream API, with nats-server's numbers and texts.

Written by tests/jetstream/error_table.py; what is changed here is lost.
"""

from headwater.jetstream.api_error import ApiError

'''
_TAIL = """
BY_CODE = {
    value.err_code: value for value in tuple(globals().values()) if isinstance(value, ApiError)
}
"""


def entries() -> list[dict[str, Any]]:
    """Return what there is to say of each error, by number."""
    found: list[dict[str, Any]] = json.loads(SOURCE.read_text())
    return found


def name_of(constant: str) -> str:
    """Return our name for the error that nats-server calls ``constant``."""
    return _WORDS.sub("_", _AFFIXES.sub("", constant)).upper()


def written() -> str:
    """Return the module, as the formatter leaves it."""
    lines = [
        f"{name_of(entry['constant'])} = ApiError("
        f"{entry['code']}, {entry['error_code']}, {entry['description']!r})\n"
        for entry in entries()
    ]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TABLE), "-"],
        input=_HEAD + "".join(lines) + _TAIL,
        capture_output=True,
        check=True,
        text=True,
        cwd=ROOT,
    )
    return done.stdout


if __name__ == "__main__":
    TABLE.write_text(written())
