"""What the sandbox raises for people: one line naming what is wrong, where, and what would be valid."""


class SandboxError(Exception):
    """A failure to report as one line; exit code 1."""


class UsageError(SandboxError):
    """A wrong argument or configuration; exit code 2."""


class PostgresError(SandboxError):
    """The embedded Postgres could not be created, started or stopped."""


class ApiError(SandboxError):
    """The simulated API could not be started, reached or stopped."""
