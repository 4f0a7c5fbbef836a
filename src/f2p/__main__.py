"""`python -m f2p`: the command line."""

from __future__ import annotations

from f2p.cli import main

if __name__ == "__main__":
    main()
