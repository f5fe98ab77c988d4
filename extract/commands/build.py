"""`extract build`."""

import os
import sys
from typing import Annotated

import typer

from extract import log
from extract.commands.common import Config, worst
from extract.dbt_build.request import PRODUCTION, IfHeld, Request
from extract.errors import ConfigurationError, ExtractError
from extract.report import JsonReporter
from extract.settings import load_settings

Selectors = Annotated[
    list[str] | None, typer.Argument(metavar="[SELECTOR...]", help="Names in selectors.yml, in this order.")
]
Select = Annotated[
    list[str] | None,
    typer.Option(help="Instead: what dbt's --select takes, such as tag:smartpizza; may be repeated."),
]
FullRefresh = Annotated[bool, typer.Option("--full-refresh", help="Build models from nothing.")]
Variables = Annotated[str | None, typer.Option("--vars", help="dbt's variables, as YAML.")]


def build(
    selectors: Selectors = None,
    *,
    select: Select = None,
    full_refresh: FullRefresh = False,
    variables: Variables = None,
    if_held: Annotated[
        IfHeld, typer.Option(help="When another build is at work on these models.")
    ] = IfHeld.WAIT,
    config: Config = None,
) -> None:
    """Build and test models with dbt, going on where the last build stopped. Connects as role transformer.

    The same as `dbt build --selector`, without unit tests, and for pods: SIGTERM leaves no query behind, what came
    of each node is in ops.dbt_results at once, and exit codes are those of `extract`. On a terminal dbt talks,
    elsewhere one JSON line an event. Folders: DBT_PROJECT_DIR, DBT_PROFILES_DIR, DBT_TARGET_PATH, DBT_LOG_PATH.
    """
    # Not at the top: dbt is most of this process's memory and start.
    from extract.dbt_build.beside_dbt import BesideDbt
    from extract.dbt_build.build import build as build_one

    if bool(selectors) == bool(select):
        raise ConfigurationError("give names of selectors, or --select, and not both")
    target = os.environ.get("DBT_TARGET") or PRODUCTION
    requests = [Request(name, (), full_refresh, variables, target) for name in dict.fromkeys(selectors or ())]
    requests = requests or [Request(None, tuple(select or ()), full_refresh, variables, target)]
    settings = load_settings(config)
    codes = []
    for request in requests:
        report = BesideDbt() if log.is_watched() else JsonReporter(sys.stdout, command=request.command)
        try:
            build_one(request, settings, report, if_held)
        except ExtractError as error:
            log.tell_error(f"{request.command}: {error}", command=request.command)
            codes.append(error.exit_code)
    raise typer.Exit(worst(codes))
