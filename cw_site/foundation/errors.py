"""Errors that are meant for a person: each message says what is wrong and, where there is one, what to do."""

from collections.abc import Mapping


class DomainError(Exception):
    """A rule said no. `message` is shown to people as it stands; `code` and `status` are for the JSON API."""

    code = "error"
    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DomainError):
    """What was asked for is not there (or not for this person)."""

    code = "not_found"
    status = 404


class NotAllowed(DomainError):
    """The present state forbids it; the message is also the reason beside a disabled button."""

    code = "not_allowed"
    status = 409


class InvalidTransition(NotAllowed):
    """A status cannot move that way."""

    code = "invalid_transition"


class LostRace(NotAllowed):
    """Somebody else changed it first; looking again and repeating is safe."""

    code = "lost_race"


class Invalid(DomainError):
    """What was typed cannot be taken. `fields` maps a field's name to its sentences."""

    code = "invalid"
    status = 422

    def __init__(self, message: str, fields: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.fields: dict[str, list[str]] = dict(fields or {})
