"""What a person says of weights to a running stack: they serve, are refused, or those before them serve again."""

from __future__ import annotations

from rclpy.node import Node

from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import spinning
from f2p_msgs.srv import PublishWeights, RefuseWeights, RollbackWeights

SWAP_S = 90.0
"""Longest wait for a swap of weights [s] (ours: as the fine-tune waits)."""

PROMOTE, REFUSE, ROLL_BACK = "promote", "refuse", "rollback"
"""What can be said, as `f2p weights` calls it."""


class WeightsAsker:
    """The services that the console's buttons and `f2p weights --running` both use.

    Args:
        node: Whose executor sends.
        watch: Must watch the model server.
    """

    def __init__(self, node: Node, watch: Watch) -> None:
        self._publish = ServiceCaller(node, PublishWeights, "publish_weights", "model_server", watch)
        self._refuse = ServiceCaller(node, RefuseWeights, "refuse_weights", "model_server", watch)
        self._rollback = ServiceCaller(node, RollbackWeights, "rollback_weights", "model_server", watch)

    def promote(self, weights_id: str) -> str:
        """Put weights into service, also those that wait; the id of those that serve then. Raises F2pError."""
        return str(self._publish.call(PublishWeights.Request(weights_id=weights_id), SWAP_S, again=False).serving)

    def refuse(self, weights_id: str, reason: str) -> str:
        """Send weights away; their id. Raises F2pError."""
        wanted = RefuseWeights.Request(weights_id=weights_id, reason=reason)
        return str(self._refuse.call(wanted, SWAP_S, again=False).refused)

    def roll_back(self, reason: str) -> str:
        """Put the weights before these back into service; their id. Raises F2pError."""
        return str(self._rollback.call(RollbackWeights.Request(reason=reason), SWAP_S, again=False).serving)


def ask_stack(what: str, weights_id: str, reason: str, namespace: str) -> str:
    """Say one thing of weights to a running stack, and return the id it is true of then.

    Args:
        what: PROMOTE, REFUSE or ROLL_BACK.
        weights_id: Which; `waiting` means those that wait. Of no meaning to ROLL_BACK.
        reason: Why, for the record.
        namespace: Where the stack is: "" for /f2p, "left" for /left/f2p.

    Raises:
        F2pError: There is no model server, or it refuses; says why.
    """
    with spinning("f2p_weights", namespace) as node:
        asker = WeightsAsker(node, Watch(node, ["model_server"]))
        if what == PROMOTE:
            return asker.promote(weights_id)
        return asker.refuse(weights_id, reason) if what == REFUSE else asker.roll_back(reason)
