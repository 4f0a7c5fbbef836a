"""`python -m f2p`: the command line, which Ctrl-C ends without a trace from its first import on."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit code 130 on Ctrl-C."""
    try:
        from f2p import cli

        cli.main()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
