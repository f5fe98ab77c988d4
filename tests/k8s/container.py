"""Runs a container of a rendered pod on this machine as the manifest says it.

With bubblewrap: another user, a read-only root in which the image's folders stand where the Dockerfile puts them, the
pod's volumes at their mount paths, and no variable that is not in image or manifest. Where the machine has no
bubblewrap, or forbids it: the same command and variables, with paths of the pod replaced by those of this machine.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.k8s.manifests import ROOT, Object
from tests.k8s.objects import Pod, arguments, dig, of_kind, variables

Done = subprocess.CompletedProcess[str]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
WORKDIR = Path("/opt/elt")
SITE = Path("/opt/site-packages")
# What a Python of this machine needs of it.
HOST = ("/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf")


def image_env() -> dict[str, str]:
    """What the Dockerfile's last stage sets."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    return dict(word.split("=", 1) for line in re.findall(r"^ENV (.*)", last, re.M) for word in line.split())


def image_files() -> dict[Path, Path]:
    """Where the image has what of the project: path in the pod to path here."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    copied = [line.split() for line in re.findall(r"^COPY (?!.*/opt/venv)(.*)", last, re.M)]
    found = {WORKDIR / words[-1]: ROOT / words[-1] for words in copied}
    return found | {SITE / "extract": ROOT / "extract"}


@cache
def bubblewrap() -> str | None:
    """bwrap, where there is one and it may do its work."""
    path = shutil.which("bwrap")
    if path is None:
        return None
    probe = [path, "--unshare-user", "--uid", "10001", "--ro-bind", "/", "/", sys.executable, "--version"]
    return path if subprocess.run(probe, capture_output=True, check=False).returncode == 0 else None


@dataclass
class Node:
    """A machine that runs pods of `objects`; each pod's volumes are folders below `folder`."""

    objects: Sequence[Object]
    folder: Path

    def run(self, pod: Pod, container: Object, completion_index: int = 0) -> Done:
        """The container to its end."""
        command, env = self.command(pod, container, completion_index)
        return subprocess.run(
            command, env=env, cwd=self.folder, capture_output=True, text=True, timeout=280, check=False
        )

    @contextmanager
    def started(self, pod: Pod, container: Object) -> Iterator[None]:
        """The container of a server, until the block ends."""
        command, env = self.command(pod, container)
        # Beyond loopback it listens in a pod only.
        command = [word.replace("0.0.0.0", "127.0.0.1") for word in command]  # noqa: S104
        process = subprocess.Popen(command, env=env, cwd=self.folder)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)

    def command(
        self, pod: Pod, container: Object, completion_index: int = 0
    ) -> tuple[list[str], dict[str, str]]:
        """Its command line and environment. Optional Secrets that are not there are left out, as the kubelet does."""
        env = self.environment(pod, container)
        if "JOB_COMPLETION_INDEX" in env:
            env["JOB_COMPLETION_INDEX"] = str(completion_index)
        words = ["-m", "extract", *arguments(container, env)]
        mounts = self.mounts(pod, container)
        env = {**image_env(), **env, "PYTHONPATH": str(SITE)}
        box = bubblewrap()
        command = boxed(box, pod, mounts, env) if box else [sys.executable]
        if not box:
            places = {path: source for path, (source, _) in mounts.items()} | image_files() | {SITE: ROOT}
            env = {name: relocated(value, places) for name, value in env.items()}
            words = [relocated(word, places) for word in words]
        return [*command, *words], {} if box else env

    def environment(self, pod: Pod, container: Object) -> dict[str, str]:
        """The variables that the container gets, those from Secrets included."""
        env = {
            name: value
            for name, value in variables(pod, container, self.objects).items()
            if value is not None
        }
        for entry in dig(container, "env"):
            reference = dig(entry, "valueFrom", "secretKeyRef")
            if reference:
                held = self.data("Secret", reference["name"])
                assert reference["key"] in held or reference.get("optional"), (
                    f"the pod never starts: {reference}"
                )
                if reference["key"] in held:
                    env[entry["name"]] = held[reference["key"]]
        return env

    def mounts(self, pod: Pod, container: Object) -> dict[Path, tuple[Path, bool]]:
        """Mount path to the folder here and whether it may be written to."""
        volumes = {volume["name"]: volume for volume in dig(pod.spec, "volumes")}
        found = {}
        for mount in dig(container, "volumeMounts"):
            source = self.volume(pod, volumes[mount["name"]])
            found[Path(mount["mountPath"])] = (source, not mount.get("readOnly", False))
        return found

    def volume(self, pod: Pod, volume: Object) -> Path:
        """A volume as a folder: empty, or with the files of a ConfigMap or Secret; claims outlive the pod."""
        claim = dig(volume, "persistentVolumeClaim").get("claimName")
        folder = self.folder / (claim or pod.name.replace(" ", "-")) / volume["name"]
        folder.mkdir(parents=True, exist_ok=True)
        held = self.data("ConfigMap", dig(volume, "configMap").get("name"))
        held |= self.data("Secret", dig(volume, "secret").get("secretName"))
        for name, text in held.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    def data(self, kind: str, name: str | None) -> dict[str, str]:
        for each in of_kind(self.objects, kind):
            if each["metadata"]["name"] == name:
                held = dict(dig(each, "data"))
                return (
                    {key: base64.b64decode(text).decode() for key, text in held.items()}
                    if kind == "Secret"
                    else held
                )
        return {}


def boxed(box: str, pod: Pod, mounts: dict[Path, tuple[Path, bool]], env: dict[str, str]) -> list[str]:
    """The command that starts Python as the pod's user in the pod's file system."""
    security = pod.spec["securityContext"]
    command = [box, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--clearenv"]
    command += ["--uid", str(security["runAsUser"]), "--gid", str(security["runAsGroup"])]
    for place in HOST:
        command += ["--ro-bind-try", place, place]
    for path, source in image_files().items():
        command += ["--ro-bind", str(source), str(path)]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for path, (source, writable) in mounts.items():
        command += ["--bind" if writable else "--ro-bind", str(source), str(path)]
    # Last, since a checkout may stand below /tmp, which is a volume of the pod.
    for place in dict.fromkeys((sys.base_prefix, sys.prefix, os.path.realpath(sys.prefix))):
        command += ["--ro-bind", place, place]
    for name, value in env.items():
        command += ["--setenv", name, value]
    return [*command, "--remount-ro", "/", "--chdir", str(WORKDIR), sys.executable]


def relocated(text: str, places: dict[Path, Path]) -> str:
    """A path of the pod as a path of this machine; other texts stay."""
    for path, source in sorted(places.items(), key=lambda place: -len(str(place[0]))):
        if text == str(path) or text.startswith(f"{path}/"):
            return str(source) + text.removeprefix(str(path))
    return text
