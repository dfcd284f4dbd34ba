"""Which play shows which error of the API, and why some are shown by none.

``error_plays.json`` has both.  A play that is said to show an error fails if it does not; that no
error is forgotten is checked by ``test_api_errors.py``.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).with_name("error_plays.json")
_CODE = re.compile(r'"err_code": ?(\d+)')


def shown() -> dict[int, str]:
    """Return the play, as ``<file>::<name>``, by the number of the error."""
    return {int(code): play for code, play in _read()["shown by"].items()}


def out_of_reach() -> dict[str, list[int]]:
    """Return numbers by the reason why a server on its own, or ours, never says them."""
    found: dict[str, list[int]] = _read()["out of reach"]
    return found


def codes_of(script: Callable[..., Any]) -> set[int]:
    """Return the errors that a play is said to show."""
    name = f"{script.__module__.rpartition('.')[2]}.py::{script.__name__}"
    return {code for code, play in shown().items() if play == name}


def codes_in(transcript: Iterable[str]) -> set[int]:
    """Return the errors that are told in a transcript."""
    return {int(code) for line in transcript for code in _CODE.findall(line)}


def _read() -> Any:
    return json.loads(_SOURCE.read_text())
