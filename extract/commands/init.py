"""`extract init`."""

import os

from extract import log
from extract.commands.common import Config
from extract.database import connect, database_errors
from extract.expectations import write_expectations
from extract.migrate import initialise
from extract.roles import ROLES
from extract.settings import load_settings


def init(config: Config = None) -> None:
    """Create roles, schemas, tables and partitions; repeat it after each upgrade.

    Connects as an administrator. EXTRACTOR_PASSWORD, TRANSFORMER_PASSWORD, MAINTAINER_PASSWORD and
    REPORTER_PASSWORD are the passwords the four roles get. What the config file expects of the pipelines is
    written down for `extract alert`.
    """
    settings = load_settings(config)
    passwords = {role: os.environ.get(f"{role.upper()}_PASSWORD", "") for role in ROLES}
    with database_errors():
        initialise("", passwords)
        with connect(settings=settings.database) as connection:
            connection.execute("set role maintainer")
            write_expectations(connection, settings)
    log.tell("initialised", "database initialised")
