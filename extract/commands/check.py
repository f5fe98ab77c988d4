"""`extract check`."""

import typer

from extract import log
from extract.check import check_all
from extract.commands.common import AnySources, Config, named, worst
from extract.errors import Exit
from extract.settings import load_settings


def check(sources: AnySources = None, config: Config = None) -> None:
    """Look whether config, database, tokens and APIs are in order; changes nothing."""
    findings = check_all(load_settings(config), named(sources))
    for finding in findings:
        is_well = finding.exit_code is Exit.DONE
        told = f"{'ok  ' if is_well else 'FAIL'} {finding.subject}: {finding.message}"
        log.tell("checked", told, "info" if is_well else "error")
    raise typer.Exit(worst(finding.exit_code for finding in findings))
