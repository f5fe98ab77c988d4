"""Making, copying and dropping databases of a cluster, over a superuser's connection in autocommit."""

import psycopg
from psycopg.sql import SQL, Identifier, Literal

_ACL = """
    select
        acl.privilege_type,
        case when acl.grantee = 0 then null else pg_get_userbyid(acl.grantee) end as grantee
    from pg_database
    cross join aclexplode(datacl) as acl
    where datname = %s
"""
_SETTINGS = """
    insert into pg_db_role_setting (setdatabase, setrole, setconfig)
    select copy.oid, setrole, setconfig
    from pg_db_role_setting
    inner join pg_database as template on template.oid = setdatabase and template.datname = %s
    inner join pg_database as copy on copy.datname = %s
"""


def create_database(connection: psycopg.Connection, name: str) -> bool:
    """Makes an empty database; False where it exists."""
    try:
        connection.execute(SQL("create database {}").format(Identifier(name)))
    except psycopg.errors.DuplicateDatabase:
        return False
    return True


def clone_database(connection: psycopg.Connection, template: str, name: str) -> None:
    """Copies a database that nobody is connected to, its own privileges and settings included.

    CREATE DATABASE ... TEMPLATE copies the contents only.
    """
    connection.execute(SQL("create database {} template {}").format(Identifier(name), Identifier(template)))
    granted = connection.execute(_ACL, [template]).fetchall()
    if granted:
        connection.execute(SQL("revoke all on database {} from public").format(Identifier(name)))
    for privilege, grantee in granted:
        connection.execute(
            SQL("grant {} on database {} to {}").format(
                SQL(privilege), Identifier(name), Identifier(grantee) if grantee else SQL("public")
            )
        )
    connection.execute(_SETTINGS, [template, name])


def drop_database(connection: psycopg.Connection, name: str) -> None:
    """Drops a database, ending the sessions in it."""
    connection.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))


def set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Sets a role's password; it leaves this process as a SCRAM verifier only."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(SQL("alter role {} password {}").format(Identifier(role), Literal(verifier)))
