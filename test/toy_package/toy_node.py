"""A node of another package: one parameter, one topic."""

from dataclasses import dataclass

from std_msgs.msg import String

from f2p.ros.base.node import F2pNode, run
from f2p.settings import Settings


@dataclass(frozen=True)
class ToyConfig(Settings):
    """What it says."""

    text: str = "toot"


class ToyNode(F2pNode):
    """Says its parameter with every heartbeat while it is active."""

    def __init__(self) -> None:
        super().__init__("toy", ToyConfig())

    def connect(self) -> None:
        """Open the topic."""
        self._said = self.create_publisher(String, "toy/said", 1)

    def tick(self) -> None:
        """Say it."""
        self._said.publish(String(data=self.parameters.config.text))


def main() -> None:
    """Be the toy until told to end."""
    run(ToyNode)


if __name__ == "__main__":
    main()
