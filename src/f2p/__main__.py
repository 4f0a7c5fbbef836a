"""`python -m f2p`: the command line, which Ctrl-C ends without a trace from its first import on."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from f2p.cli import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)
