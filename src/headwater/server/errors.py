"""Why there is no server."""

from headwater.base.errors import HeadwaterError


class StartError(HeadwaterError):
    """The server cannot start; the text is for the operator."""
