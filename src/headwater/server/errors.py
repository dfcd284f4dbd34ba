"""Why there is no server, or none that lives by a new configuration."""

from headwater.base.errors import HeadwaterError


class StartError(HeadwaterError):
    """The server cannot start; the text is for the operator."""


class ReloadError(HeadwaterError):
    """A running server does not take a new configuration; it goes on as before."""
