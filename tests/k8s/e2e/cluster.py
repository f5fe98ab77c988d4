"""A namespace of a real cluster, in the hands of the end-to-end test. Asks kubectl, and Postgres through it."""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from tests.k8s.e2e.overlay import Wanted
from tests.k8s.manifests import KUBECTL, Object

T = TypeVar("T")
ADMIN = {"PGUSER": "admin", "PGPASSWORD": "demo-admin", "PGDATABASE": "elt"}


@dataclass
class Cluster:
    """`wanted` says what was, or is to be, deployed."""

    wanted: Wanted

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        command = [KUBECTL, "--namespace", self.wanted.namespace, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0 or not check, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def apply(self, settings: str = "") -> None:
        """Deploys; `settings` are lines more in extract.toml."""
        self.wanted.settings = settings
        # Its template names the ConfigMap by its content, and no Job's template may change.
        self.kubectl("delete", "job", "init", "--ignore-not-found")
        with tempfile.TemporaryDirectory() as folder:
            self.wanted.write(Path(folder))
            self.kubectl("apply", "--kustomize", folder)

    def get(self, kind: str, name: str) -> Object:
        return dict(json.loads(self.kubectl("get", kind, name, "--output", "json")))

    def items(self, kind: str, *selection: str) -> list[Object]:
        return list(json.loads(self.kubectl("get", kind, *selection, "--output", "json"))["items"])

    def start(self, job: str, cron_job: str) -> None:
        """A Job of a CronJob, as a person starts one."""
        self.kubectl("create", "job", job, f"--from=cronjob/{cron_job}")

    def suspend(self, cron_job: str, suspended: bool = True) -> None:
        self.kubectl("patch", "cronjob", cron_job, "--patch", json.dumps({"spec": {"suspend": suspended}}))

    def jobs_of(self, cron_job: str) -> list[Object]:
        """The Jobs that a CronJob's schedule has started."""
        return [
            each
            for each in self.items("jobs")
            if any(owner["name"] == cron_job for owner in each["metadata"].get("ownerReferences", []))
        ]

    def quiet(self, cron_job: str, seconds: float = 600) -> None:
        """Waits until no Job of a schedule is at work."""

        def over() -> bool | None:
            busy = [job for job in self.jobs_of(cron_job) if job.get("status", {}).get("active")]
            return None if busy else True

        until(over, seconds, f"the jobs of {cron_job} to end")

    def pods_of(self, job: str) -> list[Object]:
        return self.items("pods", f"--selector=batch.kubernetes.io/job-name={job}")

    def logs_of(self, job: str) -> str:
        """All containers of all pods that are still there."""
        # In no order, and the first that never started would end it: kubectl holds containers in a map.
        arguments = ["--all-containers", "--ignore-errors", "--prefix"]
        names = [pod["metadata"]["name"] for pod in self.pods_of(job)]
        return "".join(self.kubectl("logs", name, *arguments, check=False) for name in names)

    def finished(self, job: str, seconds: float = 600) -> Object:
        """The condition with which a Job ended, Complete or Failed, once it is there."""

        def ended() -> Object | None:
            conditions = self.get("job", job).get("status", {}).get("conditions", [])
            return next((each for each in conditions if each["type"] in ("Complete", "Failed")), None)

        return until(ended, seconds, f"job {job} to end")

    def completed(self, job: str, seconds: float = 600) -> None:
        condition = self.finished(job, seconds)
        assert condition["type"] == "Complete", f"{condition}\n{self.logs_of(job)}"

    @contextmanager
    def postgres(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection of the administrator: to the address that was given, else through kubectl."""
        env = self.wanted.env
        if "PGHOST" in env:
            with psycopg.connect(autocommit=True) as connection:
                yield connection
            return
        command = [
            KUBECTL,
            "--namespace",
            self.wanted.namespace,
            "port-forward",
            "statefulset/postgres",
            ":5432",
        ]
        forward = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert forward.stdout is not None
            told = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
            assert told is not None, "kubectl port-forward did not start"
            where = {"host": "127.0.0.1", "port": told[1], "dbname": ADMIN["PGDATABASE"]}
            login = {"user": ADMIN["PGUSER"], "password": ADMIN["PGPASSWORD"]}
            with psycopg.connect(**where, **login, autocommit=True) as connection:  # type: ignore[arg-type]
                yield connection
        finally:
            forward.terminate()
            forward.wait()

    def scalar(self, query: str) -> Any:
        with self.postgres() as connection:
            row = connection.execute(query).fetchone()  # type: ignore[arg-type]
            return row[0] if row else None

    def delete(self) -> None:
        self.kubectl("delete", "namespace", self.wanted.namespace, "--ignore-not-found", "--timeout=180s")


def until(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """The first thing that `look` finds; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(1)
    return found
