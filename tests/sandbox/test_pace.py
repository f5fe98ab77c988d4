"""The simulated clock in a cluster, where nobody moves it by hand."""

import subprocess
import sys
import time

from sandbox.smartpizza import Config, serve


def test_a_demo_whose_clock_stands_still_would_load_nothing_new() -> None:
    with serve(Config(branches=1, days=1, orders_per_day=5)) as api:
        before = api.now
        beats = ["--every=0.1", "--advance=3600", f"--url={api.url}"]
        process = subprocess.Popen([sys.executable, "-m", "sandbox.pace", *beats])
        try:
            deadline = time.monotonic() + 20
            while api.now[:13] <= before[:13] and time.monotonic() < deadline:
                time.sleep(0.05)
            assert api.now > before
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0, "as process 1 of a container it has to end when it is told to"


def test_an_api_that_starts_later_does_not_stop_the_clock_for_good() -> None:
    command = [sys.executable, "-m", "sandbox.pace", "--url=http://127.0.0.1:9", "--every=0.05"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "ConnectError" in process.stderr.readline()
        assert "ConnectError" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate()
