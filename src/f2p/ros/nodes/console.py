"""The console's process in the graph: the operator's web view, with its address in the log."""

from __future__ import annotations

from f2p.console.access import is_loopback
from f2p.console.errors import TokenFileError
from f2p.ros.base.node import F2pNode, run
from f2p.ros.console.session import Console, ConsoleConfig

CONFIG = ConsoleConfig
"""What its parameters are made from."""


class ConsoleNode(F2pNode):
    """Hosts a console for as long as the graph runs; it opens before the others are up, and says what is waited for."""

    def __init__(self) -> None:
        super().__init__("console", CONFIG())
        self._console: Console | None = None

    def connect(self) -> None:
        """Listen to the graph. Raises TokenFileError where others would reach it and nobody could know the token."""
        config = self.parameters.config
        if not is_loopback(config.address) and not config.token_file:
            raise TokenFileError(f"others reach {config.address}: set token_file, it is made where it is not there")
        self._console = Console(self, config, self.monotonic)

    def load(self) -> None:
        """Open the window."""
        assert self._console is not None, "made when it was configured"
        self.get_logger().info(f"the console is at {self._console.open().partition('?')[0]}")

    def lively(self) -> bool:
        """Tell whether the threads that hold the lease and draw work."""
        return self._console is None or self._console.lively

    def halt(self, why: str) -> None:
        """Let everything go."""
        if self._console is not None:
            self._console.let_go()

    def close(self) -> bool:
        """Turn everybody out, then end the workers."""
        if self._console is not None:
            self._console.close()
        return super().close()


def main() -> None:
    """Run the console until it is asked to end."""
    run(ConsoleNode)


if __name__ == "__main__":
    main()
