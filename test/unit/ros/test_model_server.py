"""The model server's swaps: the champion line moves when the new weights are ready to serve, and not before."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.errors import F2pError
from f2p.plan.analytic import AnalyticPredictor
from f2p.registry import UnknownNameError
from f2p.ros.errors import BadShapeError
from f2p.ros.messages.convert import scene_to_msg
from f2p.ros.messages.scenes import KeptScenes
from f2p.ros.nodes.model_server import ModelServerNode
from f2p.weights.checks import sha256_of
from f2p.weights.errors import (
    NobodyWaitsError,
    NoPreviousError,
    ParentMovedError,
    ServesStillError,
    WithdrawnError,
    WrongAnswersError,
)
from f2p.weights.golden import golden_scene
from f2p.weights.listing import row_of
from f2p.weights.manifest import Manifest
from f2p.weights.remarks import withdrawn
from f2p.weights.service import WeightsService
from f2p.weights.store import WeightsStore
from f2p_msgs import msg
from f2p_msgs.srv import Predict


class Server:
    """The node's state without a node: a store of two versions, one of which may answer wrongly."""

    _publish, _rollback = ModelServerNode._publish, ModelServerNode._rollback
    _refuse, _tell = ModelServerNode._refuse, ModelServerNode._tell_state

    def __init__(self, folder: Path) -> None:
        import torch
        from safetensors.torch import save

        self._store = WeightsStore(folder, lambda manifest: manifest.tensors)
        self.ids, self.wrong, self.states, self._kept = [], "", [], KeptScenes()
        for number in (1.0, 2.0):
            data = save({"w": torch.full((1,), number)})
            self.ids.append(self._store.put(data, Manifest(sha256_of(data), "", "", {}, {"w": ["F32", [1]]})))
        self._store.publish(self.ids[0], None)
        self.start()

    def start(self) -> None:
        """Serve the champion, as the process does when it comes up."""
        self._service = WeightsService(self._store, load=self._load)
        self._holder = self._service.holder

    def _load(self, weights_id: str) -> AnalyticPredictor:
        if weights_id == self.wrong:
            raise WrongAnswersError(weights_id, 0.3, 0.01)
        return AnalyticPredictor(weights_id)

    def _tell_state(self, **facts: object) -> str:
        self.states.append(facts)
        return self._holder.weights_id

    def get_logger(self) -> SimpleNamespace:
        return SimpleNamespace(info=lambda _: None, warning=lambda _: None)

    def publish(self, weights_id: str, parent: str = "") -> str:
        response = SimpleNamespace()
        self._publish(SimpleNamespace(weights_id=weights_id, parent=parent), response)
        return response.serving

    def refuse(self, weights_id: str) -> str:
        response = SimpleNamespace()
        self._refuse(SimpleNamespace(weights_id=weights_id, reason="it grasps air"), response)
        assert response.ok
        return response.refused

    def rollback(self) -> str:
        response = SimpleNamespace()
        self._rollback(SimpleNamespace(reason="a test"), response)
        return response.serving


def test_rollback_moves_the_line_and_the_service_together(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with pytest.raises(NoPreviousError):
        server.rollback()
    old, new = server.ids
    assert server.publish(new) == new == server._store.champion
    assert server.rollback() == old == server._store.champion and server._store.previous == new


def test_weights_that_cannot_serve_do_not_become_the_champion(tmp_path: Path) -> None:
    server = Server(tmp_path)
    old, new = server.ids
    server.wrong = new
    with pytest.raises(WrongAnswersError):
        server.publish(new)
    assert server._store.champion == old == server._holder.weights_id and "error" in server.states[-1]
    server.wrong = ""
    server.publish(new)
    server.start()
    server.wrong = old
    with pytest.raises(WrongAnswersError):
        server.rollback()
    assert server._store.champion == new == server._holder.weights_id


def test_weights_that_wait_are_refused_over_the_wire_and_those_that_serve_are_not(tmp_path: Path) -> None:
    server = Server(tmp_path)
    old, new = server.ids
    with pytest.raises(NobodyWaitsError):
        server.refuse("waiting")
    server._store.keep_waiting(new)
    assert server.refuse("waiting") == new and server._store.waiting is None and server.states == [{}]
    assert withdrawn(tmp_path, new) == "it grasps air"
    with pytest.raises(ServesStillError):
        server.refuse(old)
    with pytest.raises(WithdrawnError):
        server.publish(new)


def test_the_state_says_who_waits_and_which_skills_those_that_serve_know(tmp_path: Path) -> None:
    """The skills are those of the list of weights, so that who asks another machine sees the same."""
    import torch
    from safetensors.torch import save

    server, told = Server(tmp_path), []
    data = save({"w": torch.full((1,), 3.0)})
    config = {"skills": ["pick_place", "push"]}
    wise = server._store.put(data, Manifest(sha256_of(data), "", "", config, {"w": ["F32", [1]]}))
    server._state = SimpleNamespace(publish=told.append)
    server.get_clock = lambda: SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=7))
    server._tell()
    assert list(told[-1].skills) == [] and told[-1].waiting == ""
    server._store.keep_waiting(server.ids[1])
    server.publish(wise)
    assert server._tell() == wise
    assert tuple(told[-1].skills) == row_of(tmp_path, wise, ()).skills == ("pick_place", "push")
    assert told[-1].waiting == server.ids[1]
    (tmp_path / "waiting").write_text("nonsense\n")
    server._tell()
    assert told[-1].waiting == "", "a damaged line of the store keeps nobody from saying who serves"


def test_a_line_that_may_not_move_leaves_the_service(tmp_path: Path) -> None:
    server = Server(tmp_path)
    old, new = server.ids
    with pytest.raises(ParentMovedError):
        server.publish(new, parent=new)
    assert server._store.champion == old == server._holder.weights_id


@pytest.mark.parametrize(
    ("skill", "values", "error", "text"),
    [
        ("pick_place", 4, BadShapeError, "2 candidates of 1 steps with 4 parameters each do not fit 4"),
        ("juggle", 8, UnknownNameError, "'juggle'; choose one of: pick_place"),
    ],
)
def test_candidates_that_do_not_fit_their_skills_are_refused(
    tmp_path: Path, skill: str, values: int, error: type[F2pError], text: str
) -> None:
    """How many parameters a step has is its skill's to say, and no longer the message's."""
    request = Predict.Request(skeleton=[msg.SkillStep(skill=skill, object="box")], candidates=2)
    request.scene, request.parameters = scene_to_msg(golden_scene()), [0.0] * values
    with pytest.raises(error, match=text):
        ModelServerNode._predict(Server(tmp_path), request, Predict.Response())
