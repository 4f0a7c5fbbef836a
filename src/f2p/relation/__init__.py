"""What relations there are: one table of specifications, filled by the files of this package and by whoever adds one.

A relation is one `register(BinarySpec(...))` or `register(UnarySpec(...))` with its function, in this package or in any
other package. The vocabulary is fixed when `f2p.types` is first imported, since it shapes every array and every network
head; modules that add relations are named in `F2P_RELATIONS` (or as entry points `f2p.relations`) and imported before.
"""

from __future__ import annotations

from f2p.registry import import_members

import_members(__name__)
