"""Identifiers: 21 characters of the URL-safe alphabet, 126 random bits, as the seed's nanoid() makes them."""

import secrets

ID_LENGTH = 21
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"


def new_id() -> str:
    """A new random identifier; never starts with '-' so that it is safe as a command's argument."""
    first = _ALPHABET[secrets.randbelow(62)]
    return first + "".join(_ALPHABET[byte & 63] for byte in secrets.token_bytes(ID_LENGTH - 1))
