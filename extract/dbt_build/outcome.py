"""dbt's result as one of our errors, or none."""

import re
from collections.abc import Iterable, Sequence

from dbt.adapters.exceptions.connection import FailedToConnectError
from dbt.cli.exceptions import DbtUsageException
from dbt_common.exceptions import DbtBaseException, DbtDatabaseError

from extract.dbt_build.node_result import NodeResult
from extract.errors import ConfigurationError, ExtractError, LeaseHeldError, UnreachableError, one_line

# The words of macros/build_lease/take_build_lease.sql.
_HELD = re.compile(r"(\S+ is held by dbt invocation ([0-9a-f-]{36}) of .*?): wait for its end")
# psycopg2 gives a lost connection no SQLSTATE, and dbt passes on its words alone.
_LOST = re.compile(
    r"server closed the connection|could not connect|connection refused|connection to server|"
    r"terminating connection due to|the database system is|connection (has been|already) closed|"
    r"could not receive data from server|could not send data to server|no connection to the server",
    re.IGNORECASE,
)
_NAMED = 5


class BuildHeldError(LeaseHeldError):
    """Another build holds some of the relations. `invocation_id` is its dbt invocation."""

    def __init__(self, message: str, invocation_id: str) -> None:
        super().__init__(message)
        self.invocation_id = invocation_id


def error_of(exception: BaseException | None, results: Sequence[NodeResult]) -> ExtractError | None:
    """What went wrong, by what dbt raised or by what came of the nodes; None where all is well.

    What is neither dbt's nor a node's failure is raised as it is.
    """
    if exception is not None:
        return _of_exception(exception)
    if not any(result.resource_type != "operation" for result in results):
        return ConfigurationError("the selection matches nothing that could be built or tested")
    broken = [result for result in results if result.is_broken]
    if not broken:
        return None
    told = f"{len(broken)} of {len(results)} nodes failed: {some(broken)}; {broken[0].name}: {broken[0].told}"
    if all(_LOST.search(result.message) for result in broken):
        return UnreachableError(f"the database went away: {told}")
    if all(result.message.startswith("Compilation Error") for result in broken):
        return ConfigurationError(told)
    return ExtractError(told)


def some(results: Iterable[NodeResult]) -> str:
    """The first few names."""
    names = [result.name for result in results]
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _of_exception(exception: BaseException) -> ExtractError:
    text = one_line(str(exception), 2000)
    if held := _HELD.search(text):
        return BuildHeldError(held[1], held[2])
    if isinstance(exception, FailedToConnectError) or (
        isinstance(exception, DbtDatabaseError) and _LOST.search(text)
    ):
        return UnreachableError(f"Postgres could not be reached: {text}")
    if isinstance(exception, DbtDatabaseError):
        return ExtractError(f"dbt: {text}")
    if isinstance(exception, DbtBaseException | DbtUsageException):
        return ConfigurationError(f"dbt: {text}")
    raise exception
