"""When is a step not as predicted? A threshold says so; what crosses it is kept as a folder, to be asked later."""

from __future__ import annotations

import tempfile
from pathlib import Path

from f2p.evaluate.failures import make_failure
from f2p.monitor.calibrate import MonitorConfig
from f2p.monitor.case import read_case, write_case
from f2p.monitor.compare import compare
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.planner import Planner
from f2p.report.why import version_of
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.weights.modules import open_store
from f2p.weights.service import load_predictor


def main() -> None:
    """Make a failure, judge it by several thresholds, keep it, and ask two predictors about it."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "weights")
        model = load_predictor(store, store.champion)
        failure = make_failure(tasks.make("transport"), Planner(lambda: model), make_simulator(), objects=3, number=3)
        comparison = compare(failure.outcome)
        shipped = MonitorConfig().threshold
        for threshold in (shipped, 2 * comparison.score):
            verdict = "a failure" if comparison.contradicts(threshold) else "let pass"
            print(f"off by {comparison.score:.2f}; a threshold of {threshold:.2f} calls that {verdict}")
        for one in comparison.contradictions[:3]:
            print(f"  {one.relation}({one.subject}, {one.object}) had P = {one.predicted:.2f}, and is {one.observed}")

        case = write_case(failure, Path(folder) / failure.id)
        print(f"kept: {', '.join(sorted(path.name for path in case.iterdir()))}")
        again = read_case(case)
        call = again.outcome.call
        print(f"read again: {again.id} of {call.skill}({call.object}), cause {again.cause.value}")
        for name, predictor in (("the shipped model", model), ("rules: nothing travels along", AnalyticPredictor())):
            print(f"{name}: off by {version_of(predictor, again, name).score:.2f}")


if __name__ == "__main__":
    main()
