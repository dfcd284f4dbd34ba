"""One phase after the other, and the figures of each."""

import random
import ssl
from collections.abc import Callable
from pathlib import Path

from tests.soak.phase import Phase, PhaseRun
from tests.soak.process import Server
from tests.soak.settings import Settings
from tests.soak.visits import VISITS
from tests.support.certificates import Certificates


class Campaign:
    """One run; ``report`` is given a line of text from time to time."""

    def __init__(
        self, folder: Path, seed: int, report: Callable[[str], None] = lambda text: None
    ) -> None:
        self.phases: list[Phase] = []
        self.log_end = ""  # of a server that has failed
        self._rng = random.Random(seed)
        self._settings = Settings(folder, Certificates(folder))
        self._context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        self._report = report

    async def run(self, seconds: float, phase_seconds: float = 60) -> None:
        """Run phases for ``seconds`` in all.

        Raises:
            SoakError: the server has done what it must not.
        """
        count = max(1, round(seconds / phase_seconds))
        self._report(HEAD)
        for number in range(1, count + 1):
            await self._run_phase(Phase(number), seconds / count)
            self._report(row(self.phases[-1]))

    async def _run_phase(self, phase: Phase, seconds: float) -> None:
        self.phases.append(phase)
        self._settings.begin_phase(self._rng)
        server = Server(self._settings)
        try:
            await server.ready()
            await PhaseRun(phase, server, self._settings, self._rng, self._context).run(seconds)
        except BaseException:
            self.log_end = server.log_end()
            raise
        finally:
            server.kill()


HEAD = "phase  seconds  visits  connections  messages  slow  stale  RSS MiB        fds  threads"


def row(phase: Phase) -> str:
    """Return the figures of a phase, and what has happened in it."""
    visits = sum(phase.counts[kind.__name__] for kind in VISITS)
    memory = "  ".join(f"{quiet.resident_kib / 1024:.0f}" for quiet in phase.quiet)
    figures = phase.quiet[-1].figures
    counts = ", ".join(f"{name} {count}" for name, count in sorted(phase.counts.items()))
    return (
        f"{phase.number:5}  {phase.seconds:7.0f}  {visits:6}  "
        f"{phase.varz['total_connections']:11}  {phase.messages:8}  "
        f"{phase.varz['slow_consumers']:4}  {phase.varz['stale_connections']:5}  {memory:13}  "
        f"{figures['descriptors']:3}  {figures['threads']:7}\n       {counts}"
    )
