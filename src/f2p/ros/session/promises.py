"""`f2p bench promises`: each process of the running graph is killed, stopped and hung during a motion."""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from f2p.bench.faults import PASSES_S, FaultTrial, Promised, append, kept_in, table
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.graph import graph
from f2p.graph.overrides import configs_of
from f2p.graph.places import share
from f2p.graph.supervisor import SupervisorConfig, make_supervisor
from f2p.ros.remote.goal import spinning
from f2p.ros.session.demo import DemoSession, running, write_parameters
from f2p.ros.session.harm import FAULTS, NETWORK, SIGNALS, Harm
from f2p.ros.session.movers import DRIVE, BaseMover, GoalMover, Mover
from f2p.ros.session.network import require_own
from f2p.settings import Settings, choices, group, number, setting, value_of
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.types import LearnFrom


def processes() -> tuple[str, ...]:
    """Return the processes of the simulated robot's graph."""
    return tuple(spec.name for spec in graph.nodes("sim"))


def torch() -> tuple[str, ...]:
    """Return those that load weights, which takes longer."""
    return tuple(
        spec.name for spec in graph.nodes("sim") if spec.ready_within_s > 100.0 or "model_server" in spec.needs
    )


def robot_timing() -> dict[str, dict[str, object]]:
    """Return what undoes the patience of the simulated robot's configuration: the defaults, meant for the robot."""
    told = yaml.safe_load(share("config/sim.yaml").read_text())
    specs = graph.nodes("sim")
    configs, run = configs_of(specs), {spec.name for spec in specs}
    return {
        name: {one: value_of(configs, f"{name}.{one}") for one in content["ros__parameters"]}
        for name, content in ((key.rpartition("/")[2], content) for key, content in told.items())
        if name in run  # it has those of optional nodes, too
    }


@dataclass(frozen=True)
class PromisesConfig(Settings):
    """What fails, when and how often."""

    trials: int = number(1, "of each process, fault and phase", low=1, high=1000)
    processes: tuple[str, ...] = choices("processes that fail", processes)
    faults: tuple[str, ...] = choices(
        "how they fail; cut, lose and delay in a network of one's own, see promises.md 8", lambda: FAULTS,
        default=lambda: SIGNALS,
    )  # fmt: skip
    phases: tuple[str, ...] = setting((DRIVE,), "when: in a move of the base, or in a skill's phase, by its name")
    file: Path = setting(Path("runs/promises.jsonl"), "one line a trial; what is in it already is not done again")
    speed: float = number(0.1, "of the base", unit="m/s", low=0.02, high=0.15)
    watch_s: float = number(10.0, "how long nothing may resume", unit="s", low=1.0, high=120.0)
    back_within_s: float = number(60.0, "longest wait for all processes", unit="s", low=5.0, high=600.0)
    tries: int = number(8, "motions begun until one lasts to the fault", low=1, high=100)
    promised: Promised = group(Promised)


@benchmarks.register("promises")
class Promises:
    """Do all trials that are not in the file yet, and print the table of all."""

    on_request = True

    def __init__(self, config: PromisesConfig | None = None) -> None:
        self.config = config or PromisesConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config = self.config
        due = self._due(kept_in(config.file))
        if any(fault in NETWORK for _, fault, _ in due):
            require_own()
        if due:
            self._do(due, seed, progress)
        rows = {(process, fault, phase) for process in config.processes for fault in config.faults
                for phase in config.phases}  # fmt: skip
        done = [one for one in kept_in(config.file) if one.row in rows]
        print(table(done, config.promised, torch()), flush=True)
        broken = sum(bool(config.promised.broken(one, one.process in torch())) for one in done)
        ended, soon = [one for one in done if not one.goes_on], [one for one in done if one.at_once]
        return [
            Measurement("trials", len(done), "", len(rows) * config.trials, at_least=True),
            Measurement("trials that broke a promise", broken, "", 0),
            Measurement("way of the base after a fault, most", max((one.travel_m for one in soon), default=0.0), "m",
                        config.promised.travel),
            Measurement("motions begun after 0.3 s", sum(one.late for one in soon), "", 0),
            Measurement("motions that resumed by themselves", sum(one.resumed for one in ended), "", 0),
        ]  # fmt: skip

    def _due(self, done: list[FaultTrial]) -> list[tuple[str, str, str]]:
        """Return what is to be done, the first of each before the second of any."""
        config, rows = self.config, [one.row for one in done]
        return [
            (process, fault, phase)
            for trial in range(config.trials) for phase in config.phases for fault in config.faults
            for process in config.processes if rows.count((process, fault, phase)) <= trial
        ]  # fmt: skip

    def _do(self, due: list[tuple[str, str, str]], seed: int, progress: Progress) -> None:
        task = tasks.names[0]  # whichever: what is harmed are the processes
        instance = tasks.make(task).make(np.random.default_rng(seed), 3, make_simulator())
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            parameters = write_parameters(folder, instance.world, task, 3, seed, robot_timing())
            supervisor = make_supervisor(
                "sim", folder / "logs", ("--params-file", str(parameters)),
                patience=SupervisorConfig(respawns=100, healthy_after_s=1.0),
            )  # fmt: skip
            supervisor.command_of = lambda spec: (sys.executable, "-m", "f2p.ros.session.hangable", spec.name)
            with running(supervisor) as session, spinning("f2p_promises") as node:
                session.wait_ready(lambda text: progress("promises", 0.0, text))
                harm = Harm(node, supervisor)
                for index, (process, fault, phase) in enumerate(due):
                    progress("promises", index / len(due), f"{fault} {process} during {phase}")
                    trial = self._trial(harm, session, instance, process, fault, phase)
                    if trial is not None:
                        append(self.config.file, trial)
                        told = ", ".join(self.config.promised.broken(trial, process in torch())) or "kept"
                        print(f"{fault} {process} during {phase}: {told}: {dataclasses.asdict(trial)}", flush=True)
                    else:
                        print(f"{fault} {process} during {phase}: no motion lasted until then", flush=True)

    def _mover(self, harm: Harm, session: DemoSession, instance: TaskInstance, phase: str) -> Mover:
        if phase == DRIVE:
            return BaseMover(harm.robot, harm.motions, self.config.speed)
        session.reset()
        ask = lambda progress: session.goals.achieve(  # noqa: E731
            instance.goal, instance.proposal, 1, LearnFrom.NOTHING, 0, 300.0, lambda: False, progress
        )
        return GoalMover(ask, harm.motions, phase)

    def _trial(
        self, harm: Harm, session: DemoSession, instance: TaskInstance, process: str, fault: str, phase: str
    ) -> FaultTrial | None:  # fmt: skip
        """Have it moved, do harm, and watch; None where no motion lasted until the fault."""
        config = self.config
        for early in range(config.tries):  # noqa: B007 - how often it went round
            if harm.all_back({}, config.back_within_s) is None:
                return None
            if not harm.unlatch():
                session.reset()  # the guard pressed the runstop itself: nobody else would release the twin's
                harm.unlatch()
            mover = self._mover(harm, session, instance, phase)
            if mover.begun():
                break
            mover.over(30.0)
            print(f"{phase} ended before the fault: {mover.why}", flush=True)
        else:
            return None
        load, began_s, pids = os.getloadavg()[0], harm.motions.now_s(), harm.pids()
        harm.do(process, fault)
        passes_s = PASSES_S.get(fault, 0.0)
        harm.settle(began_s + passes_s)
        back_s = harm.all_back({} if passes_s else {process: pids[process]}, config.back_within_s)
        until_s = began_s + passes_s + 2.0 + config.watch_s
        harm.settle(until_s)
        end = mover.over(30.0)
        motions, rested_s = harm.motions, max(began_s + 2.0, min(mover.ended_s, until_s))
        return FaultTrial(
            process, fault, phase, harm.spares(process, fault), motions.stood_s(began_s, began_s + 2.0),
            motions.travel(began_s, began_s + 2.0 + passes_s), len(motions.begun(began_s + 0.3, began_s + 2.0)),
            sum(not mover.looks(at) for at in motions.begun(rested_s, until_s)),
            None if back_s is None else passes_s + back_s, end, harm.left(pids, process), early, load, mover.why,
        )  # fmt: skip
