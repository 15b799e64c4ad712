"""`python -m MRIAnomalyLib`, which is the command `mrianomaly`."""

import signal
import sys

from .cli.main import main as run_command


def main() -> int:
    """Run the command line of this process; returns its exit code."""
    # being told to end is a cancel like Ctrl-C: whatever is half-written is taken away
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
