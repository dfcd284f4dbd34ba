"""What an error of the JetStream API is, and how one is raised; ``api_errors`` lists them all.

Clients switch on ``err_code``; ``code`` only resembles an HTTP status and is often 500 for plain
mistakes of the user.  A ``{placeholder}`` in a description is filled in when the error is raised.
"""

import msgspec

from headwater.base.errors import HeadwaterError


class ApiError(msgspec.Struct, frozen=True):
    """What the ``error`` of a response holds."""

    code: int
    err_code: int
    description: str

    def filled(self, **values: object) -> "ApiError":
        """Return the error with its placeholders replaced by ``values``."""
        text = self.description
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return ApiError(self.code, self.err_code, text)


class JetStreamError(HeadwaterError):
    """A request, or a message for a stream, is refused; ``error`` goes to the client."""

    def __init__(self, error: ApiError, **values: object) -> None:
        self.error = error.filled(**values) if values else error
        super().__init__(self.error.description)
