"""Discord's errors: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json."""

from __future__ import annotations

from tests.wire.discord.model import Json


class ApiError(Exception):
    """An error response with this status and `{code, message}`."""

    def __init__(self, status: int, code: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"code": code, "message": message, **more}


def unknown_channel() -> ApiError:
    return ApiError(404, 10003, "Unknown Channel")


def unknown_message() -> ApiError:
    return ApiError(404, 10008, "Unknown Message")  # D-gone


def unknown_webhook() -> ApiError:
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    return ApiError(404, 10062, "Unknown interaction")


def too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")


def archived() -> ApiError:
    return ApiError(400, 50083, "Thread is archived")


def locked() -> ApiError:
    return ApiError(403, 160005, "Thread is locked")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def not_the_author() -> ApiError:
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def no_direct_messages() -> ApiError:
    return ApiError(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def expired_token() -> ApiError:
    return ApiError(401, 50027, "Invalid Webhook Token")


def already_acknowledged() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def old_message(retry_after: float) -> ApiError:
    """Return a 429 that only affects this message's channel: aikaterna-cogs#302."""
    message = "Maximum number of edits to messages older than 1 hour reached. Try again later."
    return ApiError(429, 30046, message, retry_after=retry_after, **{"global": False})


def blocked() -> ApiError:
    """Return a 429 of the network before Discord, which names no wait:
    https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans"""
    return ApiError(429, 0, "error code: 1015")


def too_fast(retry_after: float, *, everywhere: bool = False) -> ApiError:
    return ApiError(429, 0, "You are being rate limited.", retry_after=retry_after, **{"global": everywhere})


def invalid_form(problems: list[str]) -> ApiError:
    errors = {"_errors": [{"code": "INVALID", "message": problem} for problem in problems]}
    return ApiError(400, 50035, "Invalid Form Body", errors=errors)
