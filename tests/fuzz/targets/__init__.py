"""The targets of the fuzzing, by name."""

from tests.fuzz.target import Target
from tests.fuzz.targets.client import ClientTarget
from tests.fuzz.targets.config import ConfigTarget
from tests.fuzz.targets.connect import ConnectTarget
from tests.fuzz.targets.frames import FramesTarget
from tests.fuzz.targets.headers import HeadersTarget
from tests.fuzz.targets.http import HttpTarget
from tests.fuzz.targets.jetstream import JetStreamTarget
from tests.fuzz.targets.leaf import LeafTarget
from tests.fuzz.targets.natsfiles import NatsFilesTarget
from tests.fuzz.targets.proxy import ProxyTarget
from tests.fuzz.targets.store import StoreTarget
from tests.fuzz.targets.subjects import SubjectsTarget
from tests.fuzz.targets.tokens import TokensTarget

_ALL: tuple[type[Target], ...] = (
    *(ClientTarget, ConfigTarget, LeafTarget, ConnectTarget, HeadersTarget, ProxyTarget),
    *(SubjectsTarget, HttpTarget, JetStreamTarget, StoreTarget, FramesTarget, NatsFilesTarget),
    TokensTarget,
)
TARGETS = {target.name: target for target in _ALL}
