"""The sandbox's state folder: where everything lies, and the secrets made once."""

import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError, UsageError
from sandbox.files import read_json, write_json, write_private

DATABASE = "elt"
ROLES = ("extractor", "transformer", "maintainer", "reporter")

# Marks a folder as ours, and keeps its secrets out of git wherever it lies.
_MARKER_NAME = ".gitignore"
_MARKER = "# Made by `sandbox up`, deleted by `sandbox reset`.\n*\n"


def project_root() -> Path:
    """The folder that holds extract/, sandbox/ and dbt_project/: this checkout, else the current folder."""
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def state_dir() -> Path:
    """SANDBOX_DIR, else .sandbox in the project root; absolute."""
    given = os.environ.get("SANDBOX_DIR")
    return Path(os.path.abspath(given)) if given else project_root() / ".sandbox"


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What the simulated APIs serve; what Binance does follows from `days` and `seed`.

    `pizza_place` is the absolute path of the real files' folder.
    """

    branches: int = 20
    days: int = 14
    orders_per_day: int = 200
    seed: int = 1
    pizza_place: str | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """Clear passwords by role, and SmartPizza's bearer token."""

    passwords: dict[str, str] = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class State:
    """The state folder `folder`, absolute."""

    folder: Path

    @property
    def pgdata(self) -> Path:
        return self.folder / "pgdata"

    @property
    def extract_toml(self) -> Path:
        return self.folder / "extract.toml"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    def clock_file(self, api: str) -> Path:
        """Where the API of this name keeps its clock."""
        return self.folder / f"{api}.clock.json"

    def log_file(self, api: str) -> Path:
        """What the API of this name prints."""
        return self.folder / f"{api}.log"

    def env_file(self, role: str) -> Path:
        """The file to source as `role`; reporter's has no suffix."""
        return self.folder / ("env" if role == "reporter" else f"env.{role}")

    @property
    def exists(self) -> bool:
        """Whether `sandbox up` has made it."""
        try:
            return (self.folder / _MARKER_NAME).read_text() == _MARKER
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError:
            raise SandboxError(
                f"{self.folder} belongs to another user: run as that user or as root"
            ) from None

    def create(self) -> None:
        """Makes the folder, mode 0700. Raises UsageError for a folder that holds something else."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The names before the marker: another `sandbox up` may be making the same folder right now.
            names = [path.name for path in self.folder.iterdir()]
            if not all(name.startswith(f".{_MARKER_NAME}.") for name in names) and not self.exists:
                raise UsageError(
                    f"{self.folder} holds other things: SANDBOX_DIR must name a new or empty folder"
                )
            self.folder.chmod(0o700)
            if not self.exists:
                write_private(self.folder / _MARKER_NAME, _MARKER)
        except FileExistsError:
            raise UsageError(f"{self.folder} is not a folder: SANDBOX_DIR must name one") from None
        except OSError as error:
            raise SandboxError(f"{self.folder} cannot be made: {error.strerror}") from error

    def secrets(self) -> Secrets:
        """The secrets, made at the first call."""
        path = self.folder / "secrets.json"
        stored = read_json(path)
        if stored is None:
            stored = {
                "passwords": {role: secrets.token_urlsafe(24) for role in ROLES},
                "token": secrets.token_urlsafe(24),
            }
            write_json(path, stored)
        try:
            return Secrets({role: stored["passwords"][role] for role in ROLES}, stored["token"])
        except (KeyError, TypeError):
            raise SandboxError(f"{path} lacks a secret: run `sandbox reset`") from None

    def api(self, name: str) -> tuple[ApiOptions, int] | None:
        """What the API of this name was first started with and its last port; None where it never was."""
        path = self._api_file(name)
        stored = read_json(path)
        if stored is None:
            return None
        try:
            return ApiOptions(**stored["options"]), int(stored["port"])
        except (KeyError, TypeError, ValueError):
            raise SandboxError(f"{path} is damaged: run `sandbox reset`") from None

    def write_api(self, name: str, options: ApiOptions, port: int) -> None:
        """Keeps what `api` returns."""
        stored: dict[str, Any] = {"options": asdict(options), "port": port}
        write_json(self._api_file(name), stored)

    def _api_file(self, name: str) -> Path:
        return self.folder / f"{name}.json"
