"""A recording run again: perception on its images, the monitor on its scenes; one step of a certificate each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from action_msgs.msg import GoalStatus, GoalStatusArray

from f2p.errors import F2pError
from f2p.record.again import AgreementConfig, Told, checked_again, nearest, seen_again
from f2p.record.bag import Bag
from f2p.record.certificate import ReplayedStep
from f2p.record.values import Recorded
from f2p.ros.errors import wire_text
from f2p.ros.messages.convert import plan_from_msg, scene_from_msg
from f2p.ros.messages.inventory import inventory_of
from f2p.ros.replay import recorded
from f2p.ros.replay.looks import Rounds
from f2p.ros.replay.recorded import Recording
from f2p.scene.objects.memory import remembered
from f2p.scene.tabletop import TabletopConfig, scene_from_cloud
from f2p.settings import Settings, group, number, setting
from f2p.types import Execution, Plan, Scene
from f2p_msgs.msg import Failure

ENDED = (GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_CANCELED, GoalStatus.STATUS_ABORTED)
CHECK_S = 90.0
"""How long after a scene its failure may come [s]: the monitor's patience with the model server."""


@dataclass(frozen=True)
class ReplayConfig(Settings):
    """How a recording is run again; what its robot was told otherwise has to be told here too."""

    depth_topic: str = setting("/camera/depth/image_rect_raw", "depth images, by their name in the recording")
    base_frame: str = setting("base_link", "frame of the robot's base", source="stretch URDF")
    tf_tolerance_s: float = number(0.2, "how far a transform may be from the image", unit="s", low=0.0, high=1.0)
    inventory: str = setting("", "known objects, as the perception was told; empty: what the recording says of them")
    scene: TabletopConfig = group(TabletopConfig)
    agreement: AgreementConfig = group(AgreementConfig)


@dataclass
class _Executed:
    """A skill that ended, until it is looked at."""

    ok: bool
    plan: Plan
    step: int
    before: Scene


class Rerun:
    """Runs one recording again.

    Args:
        bag: The recording.
        config: How.
    """

    def __init__(self, bag: Bag, config: ReplayConfig) -> None:
        self.recording = Recording(bag, config.depth_topic)
        self._config, self._bag = config, bag
        self._rounds = Rounds(config.base_frame, config.tf_tolerance_s)
        self._plan: Plan | None = None
        self._executions = 0
        self._known_goals: set[bytes] = set()
        self._executed: _Executed | None = None
        self._scene: Scene | None = None
        self._memory: Scene | None = None
        self._unsure: tuple[_Executed, Scene, int] | None = None
        self._last_ns = 0

    def steps(self) -> Iterator[ReplayedStep]:
        """Yield what was done again, in the order of the recording.

        Raises:
            OtherVersionError, OtherRobotError, NothingToReplayError, OSError: It cannot be run again here.
        """
        for one, message in self.recording.messages():
            self._last_ns = one.stamp_ns
            if one.topic.kind == recorded.SCENE:
                yield from self._on_scene(message, one.stamp_ns)
            elif one.topic.kind == recorded.FAILURE:
                yield from self._on_failure(message)
            else:
                self._take(one, message)
        yield from self._settled(None)

    def _take(self, one: Recorded, message: Any) -> None:
        kind, rounds = one.topic.kind, self._rounds
        if kind == recorded.PLAN:
            self._on_plan(plan_from_msg(message))
        elif kind == recorded.DONE:
            self._on_status(message)
        elif kind == recorded.LOOKED:
            rounds.on_feedback(message.feedback)
        elif kind == recorded.IMAGE:
            rounds.on_image(message)
        elif kind == recorded.INFO:
            rounds.info = message
        elif kind == recorded.JOINTS:
            rounds.on_joints(message)
        elif kind == recorded.ODOMETRY:
            rounds.on_odometry(message)
        elif kind == recorded.TRANSFORMS:
            rounds.on_transforms(message, one.topic.name.endswith("static"))

    def _on_plan(self, plan: Plan) -> None:
        if self._plan is None or plan.id != self._plan.id:
            self._plan, self._executions = plan, 0

    def _on_status(self, message: GoalStatusArray) -> None:
        """Note each skill once, when it has ended."""
        for goal in message.status_list:
            name = bytes(goal.goal_info.goal_id.uuid)
            if goal.status not in ENDED or name in self._known_goals:
                continue
            self._known_goals.add(name)
            if self._plan is not None and self._scene is not None and self._executions < len(self._plan.calls):
                done = goal.status == GoalStatus.STATUS_SUCCEEDED
                self._executed = _Executed(done, self._plan, self._executions, self._scene)
                self._executions += 1

    def _on_scene(self, message: Any, at_ns: int) -> Iterator[ReplayedStep]:
        yield from self._settled(None)
        scene = scene_from_msg(message)
        if self._scene is not None and scene.stamp_ns == self._scene.stamp_ns:
            return  # the one that was told once more, or the first, which every recording repeats
        executed, self._executed = self._executed, None
        step = self._looked(scene, executed)
        if step is not None:
            yield step
        if executed is not None:
            self._unsure = executed, scene, at_ns
        self._scene = scene
        self._memory = scene if self._memory is None else remembered(self._memory, scene)

    def _looked(self, scene: Scene, executed: _Executed | None) -> ReplayedStep | None:
        """Return what perception makes of the same images; None where the recording does not have them."""
        try:
            sought = () if executed is None else (executed.plan.calls[executed.step].object,)
            config = replace(self._config.scene, known=inventory_of(self._inventory), sought=sought)
            scenes = [scene_from_cloud(view.points_task, config, self._memory, view.sensor_task, view.stamp_ns)
                      for view in self._rounds.of_scene(scene.stamp_ns)]  # fmt: skip
        except F2pError as error:
            return ReplayedStep("perceive", scene.stamp_ns, {"error": str(type(error).code)}, False, wire_text(error))
        if not scenes:
            return None
        return seen_again(nearest(scenes, scene), scene, scene.stamp_ns, self._config.agreement)

    @property
    def _inventory(self) -> str:
        return self._config.inventory or self._bag.metadata.own.get("inventory", "") or "{}"

    def _on_failure(self, message: Failure) -> Iterator[ReplayedStep]:
        if self._unsure is not None:
            executed = self._unsure[0]
            call = executed.plan.calls[executed.step]
            same = message.plan_id == executed.plan.id and message.step.object == call.object
            if same and message.step.skill == call.skill:
                yield from self._settled(Told(float(message.score), float(message.threshold), message.message))

    def _settled(self, told: Told | None) -> Iterator[ReplayedStep]:
        """Check the last step that was looked at, now that the record has said all it says of it."""
        if self._unsure is None:
            return
        (executed, after, at_ns), self._unsure = self._unsure, None
        ended = self._last_ns - at_ns < CHECK_S * 1e9 and self._scene is after
        try:
            yield checked_again((executed.before, after), executed.plan, executed.step, Execution(executed.ok), told,
                                ended, self._config.agreement)  # fmt: skip
        except F2pError as error:
            yield ReplayedStep(
                "check", after.stamp_ns, {"error": str(type(error).code)}, told is None, wire_text(error)
            )
