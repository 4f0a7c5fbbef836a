"""What relations there are: one table of specifications, filled by the files of this room and by whoever adds one.

A relation is one `register(RelationSpec(...))` with its function, in this room or in any other package. The vocabulary
is fixed when `f2p.types` is first imported, since it shapes every array and every network head; a module that adds
relations is therefore imported before.
"""

from __future__ import annotations

from f2p.registry import import_members

import_members(__name__)
