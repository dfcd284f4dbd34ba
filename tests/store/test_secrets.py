"""Where there is no key, nothing of what keys need is loaded."""

import subprocess
import sys

_SCRIPT = """
import sys
from headwater.jetstream import engine
from headwater.store import secrets
from tests.sim.simdisk import SimDisk
assert secrets.open_keys(SimDisk(), secrets.NO_SECRETS) is None
assert not any(name.startswith("nacl") for name in sys.modules)
"""


def test_nothing_is_loaded_without_a_key() -> None:
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True, timeout=60)
