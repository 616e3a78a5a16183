"""The instance's key, kept outside the database and its backups, which wraps the secrets of open polls.

Other sealed values in the database use a key derived from it, one for each purpose.
"""

from __future__ import annotations

import base64
import hmac
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import Unavailable, UsageError


class Keys:
    """Wraps and unwraps poll secrets.

    Several keys may stand one per line: the first wraps, and older ones still unwrap, so an operator can renew the key.
    Raise ValueError for a key that isn't 32 bytes in URL-safe base64.
    """

    def __init__(self, text: bytes) -> None:
        keys = text.split() or [b""]
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._keys = [base64.urlsafe_b64decode(key) for key in keys]

    def __repr__(self) -> str:
        return "Keys(…)"

    def derived(self, purpose: str) -> MultiFernet:
        """Keys for this purpose alone (HKDF, https://www.rfc-editor.org/rfc/rfc5869)."""
        return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, purpose))) for key in self._keys])

    def macs(self, purpose: str, message: bytes) -> list[str]:
        """Return proofs that the author of the message has this key: HMAC-SHA-256 in hex, the first key's first."""
        return [hmac.digest(_derive(key, purpose), message, "sha256").hex() for key in self._keys]

    def wrap(self, secret: bytes) -> str:
        return self._fernet.encrypt(secret).decode("ascii")

    def unwrap(self, wrapped: str) -> bytes:
        """Unwrap a secret. Raise `Unavailable` if another key wrapped it."""
        try:
            return self._fernet.decrypt(wrapped.encode("ascii"))
        except InvalidToken:
            raise Unavailable(
                "This poll was opened under another instance key. Ask the operator to restore the key file."
            ) from None

    def opens(self, wrapped: str) -> bool:
        """Whether one of these keys wrapped it."""
        try:
            self.unwrap(wrapped)
        except Unavailable:
            return False
        return True


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"parley: {purpose}".encode()).derive(key)


def new_key() -> bytes:
    return base64.urlsafe_b64encode(os.urandom(32))


def load_key(key_text: str, path: Path) -> Keys:
    """The key in the text, or else the one in `path`, created if the file is missing.

    Raise `UsageError` for a text that isn't a key; also raises what `load_or_create_key` raises.
    """
    if not key_text:
        return load_or_create_key(path)
    try:
        return Keys(key_text.encode())
    except ValueError:
        message = "PARLEY_KEY isn't an instance key. Restore it from where you keep it: 44 letters, digits, - and _."
        raise UsageError(message) from None


def load_or_create_key(path: Path) -> Keys:
    """The key in `path`, created if the file is missing, readable by its owner alone.

    Raise `Unavailable` if the file can't be read, written or understood.
    """
    try:
        if not path.exists():
            _create(path, new_key())
        if path.stat().st_mode & 0o077:
            with suppress(OSError):  # a container's secret is mounted read-only, and its access rights are set outside
                path.chmod(0o600)
        return Keys(path.read_bytes().strip())
    except OSError as error:
        raise Unavailable(f"The instance key {path} can't be used: {error.strerror}.") from error
    except ValueError as error:
        raise Unavailable(f"{path} isn't an instance key. Restore it from where you keep it.") from error


def _create(path: Path, key: bytes) -> None:
    """Write the whole file or nothing, and never over another: of two processes at once, one wins and both use its key."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()
