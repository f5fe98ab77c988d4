"""Virtual environments of the peers, kept in the user's cache folder, outside the project."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.contestant import LeftOutError

_SECONDS = 600


def environment(name: str, *requirements: str) -> Path:
    """The folder of an environment with the packages installed, made where it is not there.

    Raises LeftOutError where they cannot be installed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "small-elt" / "peers" / name
    done = folder / "installed"
    wanted = "\n".join(requirements)
    if done.is_file() and done.read_text(encoding="utf-8") == wanted:
        return folder
    install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], install):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 - pip
        except subprocess.CalledProcessError as error:
            told = (error.stderr.strip().splitlines() or ["no words"])[-1]
            raise LeftOutError(f"{wanted} cannot be installed: {told}") from None
        except subprocess.TimeoutExpired:
            raise LeftOutError(f"{wanted} was not installed after {_SECONDS} s") from None
    done.write_text(wanted, encoding="utf-8")
    return folder
