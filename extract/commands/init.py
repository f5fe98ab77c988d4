"""`extract init`."""

import os

from extract import log
from extract.database import database_errors
from extract.migrate import initialise
from extract.roles import ROLES


def init() -> None:
    """Create roles, schemas, tables and partitions; repeat it after each upgrade.

    Connects as an administrator. EXTRACTOR_PASSWORD, TRANSFORMER_PASSWORD, MAINTAINER_PASSWORD and
    REPORTER_PASSWORD are the passwords the four roles get.
    """
    passwords = {role: os.environ.get(f"{role.upper()}_PASSWORD", "") for role in ROLES}
    with database_errors():
        initialise("", passwords)
    log.tell("initialised", "database initialised")
