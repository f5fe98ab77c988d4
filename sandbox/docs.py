"""`make docs`: builds the dbt docs as one static page and serves it on loopback."""

import argparse
import functools
import http.server
import os
import subprocess
import sys

from sandbox.demo import bin_path, role_env
from sandbox.state import project_root, state_dir


def main(arguments: list[str] | None = None) -> int:
    """Builds and serves until interrupted. Returns the exit code: 0, or dbt's."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.docs", description=__doc__)
    parser.add_argument("--port", type=int, default=8580, help="on 127.0.0.1 (default 8580; 0: a free one)")
    parser.add_argument("--build-only", action="store_true", help="write the page and stop")
    options = parser.parse_args(arguments)
    if not (state_dir() / "env.transformer").exists():
        print("docs: the sandbox has not been started; run `make demo` or `make up` first", file=sys.stderr)
        return 2
    command = [bin_path("dbt"), "docs", "generate", "--static", "--quiet"]
    env = {**os.environ, **role_env("transformer")}
    code = subprocess.run(command, env=env, cwd=project_root(), check=False).returncode  # noqa: S603 - our own
    if code != 0:
        return code
    page = project_root() / "dbt_project" / "target" / "static_index.html"
    print(f"wrote {os.path.relpath(page)}")
    if options.build_only:
        return 0
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(page.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler) as server:
        print(f"serving http://127.0.0.1:{server.server_port}/{page.name} - Ctrl-C ends it", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
