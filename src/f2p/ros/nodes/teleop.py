"""The teleop's process: a gamepad on `/joy` takes the robot by its deadman, and gives it back by a button."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.remote.guard import GuardClientConfig
from f2p.ros.remote.station import Station
from f2p.settings import Settings, group
from f2p.teleop.core import Teleop, TeleopConfig


@dataclass(frozen=True)
class TeleopNodeConfig(Settings):
    """The gamepad, and patience with the guard."""

    hands: TeleopConfig = group(TeleopConfig, fixed=True)
    guard: GuardClientConfig = group(GuardClientConfig, fixed=True)


CONFIG = TeleopNodeConfig
"""What its parameters are made from."""


class TeleopNode(F2pNode):
    """Hosts an operator's station without a keyboard."""

    def __init__(self) -> None:
        super().__init__("teleop", CONFIG())
        self._station: Station | None = None

    def connect(self) -> None:
        """Connect the guard and the gamepad."""
        config = self.parameters.config
        self._watch = Watch(self, ["guard"])
        self._station = Station(self, self._watch, Teleop(config.hands), config.guard, self.monotonic)
        self._station.listen_to_gamepad()

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to listen to the hands."""
        activated = super().on_activate(state)
        if activated is TransitionCallbackReturn.SUCCESS and self._station is not None:
            self._station.start()
        return activated

    def lively(self) -> bool:
        """Tell whether the thread that holds the lease works."""
        return self._station is None or self._station.lively

    def halt(self, why: str) -> None:
        """Let everything go."""
        if self._station is not None:
            self._station.let_go()

    def close(self) -> bool:
        """End the station, then the workers."""
        if self._station is not None:
            self._station.close()
        return super().close()


def main() -> None:
    """Run the teleop until it is asked to end."""
    run(TeleopNode)


if __name__ == "__main__":
    main()
