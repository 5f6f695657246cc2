"""How a run ended: the exit code, and what the last line of the log says of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from streamrnn.exits import ExitCode
from streamrnn.partitions import NoPartitionError
from streamrnn.state_errors import StateError
from streamrnn.transport.base import LogError, TransportError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run ended with.

    Attributes
    ----------
    code : for the supervisor
    kind : of failure, one of few words to count it by; empty where there was none
    message : what failed, with its remedy
    bug : the error where it is our own, for its stack
    """

    code: ExitCode
    kind: str = ""
    message: str = ""
    bug: Exception | None = None

    def tell(self) -> None:
        """Log what failed, if anything did."""
        if self.kind:
            logger.error(self.message, exc_info=self.bug, extra={"kind": self.kind, "code": int(self.code)})


def by(error: Exception) -> Ending:
    """The ending that an error brings about.

    Parameters
    ----------
    error : what came out of the loop
    """
    match error:
        case StateError():
            return Ending(ExitCode.STATE, "state", str(error))
        case LogError():
            return Ending(ExitCode.STATE, "log", str(error))
        case TransportError():
            return Ending(ExitCode.TRANSPORT, error.kind, str(error))
        case OSError():
            text = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            return Ending(ExitCode.TRANSPORT, "system", text)
        case NoPartitionError():
            return Ending(ExitCode.SETTINGS, "settings", str(error))
        case MemoryError():
            # numpy's own says what it could not get, and no remedy
            text = f"{error} (what the streams may need grows with streams.max_live, see streamrnn check)"
            return Ending(ExitCode.SETTINGS, "memory", text)
    return Ending(ExitCode.INTERNAL, "internal", "internal error", error)
