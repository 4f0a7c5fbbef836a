"""The twin moves objects: grasps are welds, boxes carry what is in them, and the truth tells."""

import numpy as np
import pytest

from f2p.robot.protocol import FINGER, LIFT, TRANSLATE, Ending, Motion
from f2p.sim.errors import BodyError
from f2p.sim.labelled import SimulationConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body, World
from f2p.skill.pick_place import PickPlace
from f2p.twin.direct import TwinRobot
from f2p.twin.driver import StretchDriver
from f2p.twin.errors import TwinUnstableError
from f2p.twin.grasp import distance_to_grasp
from f2p.twin.twin import Twin
from f2p.twin.world_json import world_from_json, world_to_json
from f2p.types import SkillCall


def execute(driver, scene_of, name, parameter):
    robot = TwinRobot(driver)
    return PickPlace().execute(SkillCall("pick_place", name, np.array(parameter)), scene_of(driver.twin), robot)


def moved(before, after, name):
    index = before.names.index(name)
    return after.poses[index] - before.poses[index]


def test_box_goes_where_it_was_sent_and_takes_its_contents_by_contact(driver, scene_of):
    before = driver.twin.truth()
    parameter = [0.02, -1.05, 0.0, 0.4]
    done = execute(driver, scene_of, "box", parameter)
    assert done.ok, done.error_msg
    assert done.duration_s <= 40.0
    after = driver.twin.truth()
    assert np.abs(moved(before, after, "box") - parameter).max() < 0.01
    center = before.poses[before.names.index("box"), :2]
    cosine, sine = np.cos(0.4), np.sin(0.4)
    for name in ("object_1", "object_2", "object_3"):
        start = before.poses[before.names.index(name), :2] - center
        carried = center + [cosine * start[0] - sine * start[1], sine * start[0] + cosine * start[1]] + parameter[:2]
        assert np.linalg.norm(after.poses[after.names.index(name), :2] - carried) < 0.03
        assert after.relations.value("inside", name, "box") == 1.0
        assert after.relations.value("above", name, "table_b") == 1.0
    for name in ("landmark", "table_a", "table_b"):
        assert np.abs(moved(before, after, name)).max() < 1e-3
    assert after.held == ""


def test_object_is_taken_out_of_the_box_and_what_stays_stays(driver, scene_of):
    before = driver.twin.truth()
    parameter = [0.0, -0.35, -0.008, 0.2]
    done = execute(driver, scene_of, "object_2", parameter)
    assert done.ok, done.error_msg
    after = driver.twin.truth()
    assert np.abs(moved(before, after, "object_2") - parameter)[:2].max() < 0.01
    assert after.relations.value("inside", "object_2", "box") == 0.0
    assert np.abs(moved(before, after, "box")).max() < 0.01


def test_where_nothing_is_the_grasp_is_missed(driver, scene_of, world):
    scene = scene_of(driver.twin)
    driver.twin._place(world.index("landmark"), np.array([0.7, -0.7, 0.55, 0.0]))
    done = PickPlace().execute(SkillCall("pick_place", "landmark", np.array([0, -0.3, 0, 0])), scene, TwinRobot(driver))
    assert done.error_code == 422
    assert driver.twin.held == ""


def test_fingers_closed_away_from_a_grasp_point_hold_nothing(driver):
    robot = TwinRobot(driver)
    assert robot.gripper(-0.06) is Ending.REACHED
    assert driver.twin.held == ""


def test_what_is_held_stays_until_the_fingers_open(driver, scene_of):
    robot, phases = TwinRobot(driver), []

    def stop_at_carry(phase, *_):
        phases.append(phase)

    call = SkillCall("pick_place", "landmark", np.array([0.0, -0.3, 0.0, 0.0]))
    PickPlace().execute(call, scene_of(driver.twin), robot, stop_at_carry, lambda: "carry" in phases)
    assert driver.twin.held == "landmark"
    assert driver.twin.truth().held == "landmark"
    driver.advance(1.0)
    height = driver.twin.truth().poses[6, 2]
    assert height > 0.6
    robot.gripper(0.06)
    driver.advance(1.0)
    assert driver.twin.held == "" and driver.twin.truth().poses[6, 2] < 0.56
    assert robot.state().position(FINGER) > 0.1


def test_arm_pushes_what_it_meets_and_is_told(driver):
    robot = TwinRobot(driver)
    robot.move(Motion((TRANSLATE,), (-0.18,)))
    robot.move(Motion((LIFT,), (0.68,)))  # gripper at the landmark's height
    ending = robot.move(Motion(("wrist_extension",), (0.4,), (), (8.0,)))
    landmark = driver.twin.truth().poses[6]
    assert ending is Ending.CONTACT or landmark[0] > 0.72


def test_grasp_points_of_cube_and_box():
    cube = Body("cube", "cuboid", [0.05, 0.05, 0.05])
    pose = np.array([0.7, 0.1, 0.525, 0.6])
    across, over = distance_to_grasp(cube, pose, cube.size, np.array([0.7, 0.1, 0.56]))
    assert (across, over) == pytest.approx((0.0, 0.01))
    box = Body("box", "open_box", [0.3, 0.2, 0.12])
    pose = np.array([0.7, 0.1, 0.56, 0.0])
    assert distance_to_grasp(box, pose, box.size, np.array([0.7, 0.1, 0.62]))[0] == pytest.approx(0.096)
    assert distance_to_grasp(box, pose, box.size, np.array([0.554, 0.15, 0.62]))[0] == pytest.approx(0.0, abs=1e-9)
    assert distance_to_grasp(box, pose, box.size, np.array([0.5, 0.1, 0.62]))[0] == pytest.approx(0.054)


def test_objects_come_to_rest_as_in_the_data_simulation(twin, world):
    settled, _ = MujocoSimulator(SimulationConfig(threads=1)).settle(world.bodies, world.poses[None])
    assert np.abs(twin.world().poses - settled[0])[:, :3].max() < 3e-3


def test_reset_with_other_bodies_builds_another_world(twin, world):
    driver = StretchDriver(twin)
    smaller = type(world)(world.bodies[:3], world.poses[:3])
    driver.reset(smaller)
    assert driver.twin.truth().names == ("table_a", "table_b", "box")


def test_blow_up_is_noticed(twin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings to a log where it runs
    twin.data.qvel[:] = np.nan
    with pytest.raises(TwinUnstableError, match="blew up at"):
        twin.step()


def test_world_survives_json(world):
    again = world_from_json(world_to_json(world))
    assert again.names == world.names
    assert np.array_equal(again.poses, world.poses)
    assert all(np.array_equal(a.size, b.size) for a, b in zip(again.bodies, world.bodies, strict=True))


def test_an_open_drawer_is_open_in_the_twin_and_in_its_json(twin):
    """The twin closed every drawer when it was reset."""
    drawer = Body("drawer", "drawer", [0.3, 0.3, 0.2], slides_to=0.7)
    world = World((drawer,), [[0.9, 0.3, 0.1, 0.0]], [0.12])
    again = world_from_json(world_to_json(world))
    assert again.openings == pytest.approx([0.12]) and again.bodies[0].slides_to == 0.7
    opened = Twin(world)
    assert opened.world().openings == pytest.approx([0.12], abs=5e-3)
    truth = opened.truth()
    assert truth.scene.segments[0].opening == pytest.approx(0.12, abs=5e-3)
    assert truth.relations.value("drawer_open", "drawer") == 1
    opened.reset(World((drawer,), world.poses))
    assert opened.world().openings == pytest.approx([0.0], abs=5e-3)


@pytest.mark.parametrize("text", ["", "[]", '{"bodies": []}', '{"bodies": [{"name": "a"}]}', '{"bodies": 3}'])
def test_bad_worlds_say_what_they_need(text):
    with pytest.raises(BodyError, match="world"):
        world_from_json(text)


def test_twins_share_nothing(world):
    first, second = Twin(world), Twin(world)
    first.step(50)
    assert second.time_s < first.time_s
