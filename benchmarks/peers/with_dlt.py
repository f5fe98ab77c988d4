"""dlt, from the same API: as it comes, and tuned for documents."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contestant import Cost, LeftOutError
from benchmarks.ground import Ground
from benchmarks.measure import CommandFailedError, measured
from benchmarks.peers.environment import environment

_REQUIREMENTS = ("dlt[postgres]==1.31.0",)
_SCRIPT = Path(__file__).with_name("dlt_pipeline.py")
_TUNED = {
    "NORMALIZE__WORKERS": "2",
    "LOAD__WORKERS": "2",
    # Several files, so that two workers have something to share.
    "DATA_WRITER__FILE_MAX_ITEMS": "25000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
}


def default(ground: Ground, records: int) -> Cost:
    """Columns inferred, lists in tables of their own, INSERT statements."""
    return _run(ground, records, "default", {})


def tuned(ground: Ground, records: int) -> Cost:
    """One document column of type json, COPY from csv, two workers."""
    return _run(ground, records, "tuned", _TUNED)


def _run(ground: Ground, records: int, mode: str, settings: dict[str, str]) -> Cost:
    python = environment("dlt", *_REQUIREMENTS) / "bin" / "python"
    with ground.database() as database, TemporaryDirectory(dir=ground.folder) as folder:
        pg = ground.env(database)
        env = settings | {
            "API_URL": ground.api.url,
            "API_TOKEN": ground.api.token,
            "DESTINATION__POSTGRES__CREDENTIALS": (
                f"postgresql://{pg['PGUSER']}:{pg['PGPASSWORD']}@{pg['PGHOST']}:{pg['PGPORT']}/{database}"
            ),
            "DLT_DATA_DIR": folder,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "ERROR",
        }
        try:
            used = measured([str(python), str(_SCRIPT), mode], env=env)
        except CommandFailedError as error:
            raise LeftOutError(str(error)) from None
        if (found := ground.count(database, "bench", "orders")) != records:
            raise LeftOutError(f"it loaded {found} rows of {records}")
    seconds = json.loads(used.outputs[0].splitlines()[-1])["seconds"]
    return Cost(seconds, used.wall_seconds, used.cpu_seconds, used.peak_bytes)
