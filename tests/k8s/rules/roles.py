"""Each step connects as the role it needs and gets that role's password alone."""

from collections.abc import Iterator, Mapping, Sequence

from extract.roles import ROLES
from tests.k8s.manifests import Object
from tests.k8s.objects import arguments, containers, dig, is_ours, variables

NEEDS: Mapping[str, str | None] = {
    "check": "extractor",
    "run": "extractor",
    "backfill": "extractor",
    "build": "transformer",
    "docs": "transformer",
    "metrics": "reporter",
    "alert": "reporter",
    "partitions": "maintainer",
    "erase": "maintainer",
    "archive": "maintainer",
    "restore": "maintainer",
    "analyze": "maintainer",
    "audit": "maintainer",
    "init": None,
}


def roles(objects: Sequence[Object]) -> Iterator[str]:
    for pod, container, name in containers(objects):
        if not is_ours(container):
            continue
        env = variables(pod, container, objects)
        command = " ".join(arguments(container, env)[:2])
        secrets = {
            reference["name"].removeprefix("postgres-").partition("-")[0]
            for entry in dig(container, "env")
            if (reference := dig(entry, "valueFrom", "secretKeyRef"))
        }
        role = NEEDS.get(command.partition(" ")[0])
        wanted = {role} if role else {"admin", *ROLES}
        if command == "docs serve":
            wanted = set()
        if secrets != wanted:
            yield f"{name}: gets passwords of {shown(secrets)}: {command} needs {shown(wanted)}"
        if role and wanted and env.get("PGUSER") != role:
            yield f"{name}: connects as {env.get('PGUSER')}: {command} needs {role}"


def shown(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"
