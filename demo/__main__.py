"""Real work on a cloud that is killed with -9 again and again, and then an account of every piece.

Two parts, one after the other: `queues` sends the lines of a large file through a standard and a FIFO queue; `tree`
carries a folder of real files to a bucket and back. Each starts a cloud of its own on a free port with a temporary data
directory. Exit code 1 when a promise was broken.

examples:
  make demo
  python -m demo queues --lines 20000 --kills 2
  python -m demo queues --file /var/log/syslog
  python -m demo tree --folder /usr/share/doc
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.servers import NotStarted
from demo import queues, trees

PARTS = {"queues": queues.run, "tree": trees.run}


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=list(PARTS), help="one part alone")
    parser.add_argument("--kills", type=int, default=5, help="how often the server is killed in each part (5)")
    parser.add_argument("--limit", type=_positive, default=240, help="give up a part after so many seconds (240)")
    parser.add_argument("--seed", type=int, default=0, help="decides when the server is killed (0)")
    lines = parser.add_argument_group("queues")
    lines.add_argument("--lines", type=_positive, default=100_000, help="how many lines (100000)")
    lines.add_argument("--file", type=Path, help="whose lines (a large file that is found)")
    lines.add_argument("--producers", type=_positive, default=2, help="sending processes for each queue (2)")
    lines.add_argument("--consumers", type=_positive, default=2, help="receiving processes for each queue (2)")
    files = parser.add_argument_group("tree")
    files.add_argument("--folder", type=Path, default=Path(sys.prefix), help="whose files (this Python environment)")
    files.add_argument("--files", type=_positive, default=6_000, help="how many of them at most (6000)")
    files.add_argument("--carriers", type=_positive, default=2, help="sending and as many reading processes (2)")
    return parser.parse_args()


def main() -> int:
    """The command."""
    asked = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    worst = 0
    for name in [asked.part] if asked.part else PARTS:
        folder = Path(tempfile.mkdtemp(prefix="fogstead-demo-"))
        try:
            worst = max(worst, PARTS[name](asked, folder))
        except KeyboardInterrupt:
            print("\nStopped; everything that was started has been ended.", file=sys.stderr)
            return 130
        except NotStarted as error:
            print(f"The cloud did not start: {error}", file=sys.stderr)
            return 1
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
