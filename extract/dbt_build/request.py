"""What is to be built, and how dbt is told."""

from dataclasses import dataclass
from enum import StrEnum

from extract import log
from extract.dbt_build.places import Places


class IfHeld(StrEnum):
    """What to do where another build is at work on some of the models."""

    WAIT = "wait"
    FAIL = "fail"
    SKIP = "skip"


PRODUCTION = "prod"


@dataclass(frozen=True, slots=True)
class Request:
    """Either a selector of selectors.yml, or selection criteria as `dbt build --select` takes them.

    `target` is what profiles.yml takes: only builds of production say how a pipeline stands.
    """

    selector: str | None = None
    select: tuple[str, ...] = ()
    full_refresh: bool = False
    variables: str | None = None
    target: str = PRODUCTION

    @property
    def command(self) -> str:
        """For the ledger: what was asked for."""
        chosen = self.selector or "--select " + " ".join(self.select)
        return " ".join(["build", chosen, *(["--full-refresh"] if self.full_refresh else [])])

    @property
    def pipeline(self) -> str:
        """For the ledger, as the macro freeze_bounds has it: the selector, or what stands for one, and whose it is."""
        whose = "" if self.target == PRODUCTION else f"{self.target}: "
        return whose + (self.selector or " ".join(self.select))

    def arguments(self, places: Places) -> list[str]:
        """dbt's arguments. Unit tests prove code, not data, and stay out; off a terminal dbt prints nothing."""
        chosen = ["--selector", self.selector] if self.selector else ["--select", *self.select]
        folders = {
            "--project-dir": places.project,
            "--profiles-dir": places.profiles,
            "--target-path": places.target,
            "--log-path": places.logs or places.target,
        }
        return [
            *([] if log.is_watched() else ["--log-level", "none"]),
            *([] if places.logs else ["--log-level-file", "none"]),
            "build",
            *(str(word) for pair in folders.items() for word in pair),
            *("--exclude-resource-type", "unit_test"),
            *chosen,
            *(["--full-refresh"] if self.full_refresh else []),
            *(["--vars", self.variables] if self.variables else []),
        ]
