"""Object storage, as little of it as the archive needs: whole objects put, read, listed and deleted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

if TYPE_CHECKING:
    from obstore.store import RetryConfig

from extract.credentials import given
from extract.errors import ConfigurationError, CorruptArchiveError, UnreachableError, one_line
from extract.settings import ArchiveSettings

_CHUNK = 256 * 1024
_RETRIES: "RetryConfig" = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}


class Store:
    """The place that `[archive] url` names. Paths are relative to it.

    All methods raise UnreachableError after the client's own retries, and ConfigurationError where access is
    refused.
    """

    def __init__(self, settings: ArchiveSettings) -> None:
        """Opens the place without asking it anything. Raises ConfigurationError where no url is set."""
        if settings.url is None:
            raise ConfigurationError("config: [archive] lacks url: s3://bucket/prefix or file:///folder")
        self._url = settings.url
        self.object_bytes = settings.object_bytes
        with self._told():
            self._store = _open(settings)

    def put(self, path: str, body: bytes | bytearray) -> None:
        """Writes an object, in one request: it is there whole or not at all, and no parts are left behind."""
        with self._told():
            obstore.put(self._store, path, body, use_multipart=False)

    def read(self, path: str) -> Iterator[bytes]:
        """An object's bytes in chunks. Raises CorruptArchiveError where there is no such object."""
        with self._told():
            try:
                yield from map(bytes, obstore.get(self._store, path).stream(min_chunk_size=_CHUNK))
            except FileNotFoundError:
                raise CorruptArchiveError(f"{self._url}/{path} is gone from the archive") from None

    def delete_all(self, prefix: str) -> None:
        """Deletes all objects under a prefix; none is well too."""
        with self._told():
            for found in obstore.list(self._store, prefix):
                obstore.delete(self._store, [each["path"] for each in found])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise ConfigurationError(f"{self._url} refuses access: {_words(error)}") from None
        except FileNotFoundError as error:
            raise ConfigurationError(f"{self._url} does not exist: {_words(error)}") from None
        except (BaseError, OSError) as error:
            raise UnreachableError(f"{self._url} could not be used: {_words(error)}") from None
        except ValueError as error:
            raise ConfigurationError(f"config: [archive] {_words(error)}") from None


def _open(settings: ArchiveSettings) -> LocalStore | S3Store:
    parts = urlsplit(settings.url or "")
    if parts.scheme == "file":
        return LocalStore(unquote(parts.path), mkdir=True, automatic_cleanup=True)
    keys = {name: given(f"AWS_{name.upper()}")[0] for name in ("access_key_id", "secret_access_key")}
    known = {name: value for name, value in keys.items() if value is not None}
    if len(known) == 1:
        raise ConfigurationError("set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither")
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        endpoint=settings.endpoint,
        region=settings.region,
        access_key_id=known.get("access_key_id"),
        secret_access_key=known.get("secret_access_key"),
        client_options={"allow_http": (settings.endpoint or "").startswith("http://")},
        retry_config=_RETRIES,
    )


def _words(error: Exception) -> str:
    """What went wrong, without the server's answer, which repeats the signed request."""
    return one_line(str(error).partition("<")[0], limit=300)
