"""The command ``headwater``.

``server`` is run before click is imported: it is started often, by tests and by supervisors.
"""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["server"]:
        from headwater.cli.server import run_server

        return run_server(words[1:])
    from headwater.cli.group import run_group

    return run_group(words)
