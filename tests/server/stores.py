"""What tests need to know of the files of a store."""

import hashlib
from pathlib import Path


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the checksum of each file below ``folder``."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def block_of(store: Path) -> Path:
    """Return the first block of stream A."""
    return min((store / "headwater" / "$G" / "streams" / "A").glob("*.blk"))
