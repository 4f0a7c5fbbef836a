"""Topics that a viewer shows: markers that the node of that name draws, each under a name of its own."""

from __future__ import annotations

MARKERS_NODE = "markers"
"""Who draws them."""

MARKERS = {
    "scene": "markers/scene", "plan": "markers/plan", "particles": "markers/particles", "failure": "markers/failure",
}  # fmt: skip
"""Topic of each kind, relative to the namespace of the nodes."""
