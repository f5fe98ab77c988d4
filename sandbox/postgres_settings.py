"""Server settings: one laptop, bulk loads, data that may be made again but not silently damaged."""

import os

# The server needs nothing from this process' environment, and must not take PGPORT or PGDATA from it.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

# Losing the last half second of commits at a crash is acceptable here, a torn database is not.
_SETTINGS = {
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    "max_connections": "100",
    "max_worker_processes": "8",
    # 64 MB of /dev/shm, as containers have it, are too small for parallel hash joins.
    "dynamic_shared_memory_type": "mmap",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "synchronous_commit": "off",
    "track_io_timing": "on",
}
_UNSAFE = {"fsync": "off", "full_page_writes": "off"}


def options(safe: bool, shared_buffers: str) -> list[str]:
    """Command-line options for `postgres`; `safe=False` for throw-away data only."""
    settings = _SETTINGS | {"shared_buffers": shared_buffers} | ({} if safe else _UNSAFE)
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
