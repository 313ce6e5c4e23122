"""How long is the account silent after a kill? The whole tree is started, asked and killed -9.

    python benchmarks/start.py [--times 5]

Prints the seconds from starting `serve --all-in-one --workers 2` (SQLite, the demo's catalogue)
to the first 200 of `/-/ready`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from wx_archive import demo
from wx_archive.core.settings import Settings

PROJECT = Path(__file__).parent.parent
GIVEN_UP_AFTER_S = 30
COMMAND = [sys.executable, "-m", "wx_archive", "serve", "--all-in-one", "--workers", "2"]


def main() -> int:
    """Print each time, the median and the longest."""
    parser = argparse.ArgumentParser(description="How long is the account silent after a kill?")
    parser.add_argument("--times", type=int, default=5)
    with tempfile.TemporaryDirectory() as name:
        settings = Settings.for_demo(
            data_dir=Path(name),
            site_dir=PROJECT,
            port=demo.free_port(),
            simulator_port=demo.free_port(),
        )
        demo.prepare(settings)
        took_s = [_start_and_kill(settings) for _ in range(parser.parse_args().times)]
    print("  ".join(f"{one:.2f}" for one in took_s))
    print(f"ready after {statistics.median(took_s):.2f} s (median), {max(took_s):.2f} s (longest)")
    return 0


def _start_and_kill(settings: Settings) -> float:
    started = time.monotonic()
    tree = subprocess.Popen(COMMAND, env=settings.environment(), stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(f"http://127.0.0.1:{settings.port}/-/ready"):
            if time.monotonic() - started > GIVEN_UP_AFTER_S:
                message = "the account does not come up"
                raise RuntimeError(message)
            time.sleep(0.01)
        return time.monotonic() - started
    finally:
        tree.kill()
        tree.wait()
        time.sleep(1)  # the children go with it


def _is_ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


if __name__ == "__main__":
    sys.exit(main())
