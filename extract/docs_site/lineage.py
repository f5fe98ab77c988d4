"""dbt's documentation with the lineage, as one page."""

import subprocess
import sys
import tempfile
from pathlib import Path

from extract.errors import ExtractError, one_line


def lineage_page() -> str:
    """The page that `dbt docs generate --static` makes of the project that DBT_PROJECT_DIR names.

    Raises ExtractError with dbt's last words where it fails.
    """
    with tempfile.TemporaryDirectory() as target:
        command = [
            str(Path(sys.executable).with_name("dbt")),
            "--no-use-colors",
            "--quiet",
            "docs",
            "generate",
        ]
        done = subprocess.run(  # noqa: S603 - dbt of the same environment
            [*command, "--static", "--target-path", target],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ExtractError(
                f"dbt docs generate ended with {done.returncode}: {one_line(done.stdout[-600:])}"
            )
        return (Path(target) / "static_index.html").read_text(encoding="utf-8")
