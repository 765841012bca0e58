"""What ``import function_app`` costs beside the libraries that it cannot do without."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

_IMPORTS = 15


def import_ratio() -> dict[str, float]:
    """Return the processor time to import the app against that of the libraries that it cannot do without.

    ``import pydantic`` alone loads next to nothing; what a model needs is loaded when ``BaseModel`` is named. So the
    budget is shown against both. The imports take turns, and the median of each counts. All are compiled beforehand, as
    installed libraries are: otherwise it would be measured whether this environment lets Python keep what it compiles.
    """
    statements = {
        "app": "import function_app",
        "libraries": "import azure.functions, azure.durable_functions, pydantic",
        "librariesWithModels": "import azure.functions, azure.durable_functions; from pydantic import BaseModel",
    }
    times: dict[str, list[float]] = {name: [] for name in statements}
    with tempfile.TemporaryDirectory(prefix="utm-mail-connect-") as folder:
        for name in [*statements] * (_IMPORTS + 1):
            times[name].append(_import_seconds(statements[name], folder))
    medians = {name: statistics.median(taken[1:]) for name, taken in times.items()}
    app = medians["app"]
    ratios = {"ratio": app / medians["libraries"], "ratioWithModels": app / medians["librariesWithModels"]}
    return {**medians, **ratios}


def _import_seconds(statement: str, compiled: str) -> float:
    """Return the processor time of an import in a process of its own; what is compiled is kept in a folder."""
    probe = f"import time; began = time.process_time(); {statement}; print(time.process_time() - began)"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=environment
    )
    return float(run.stdout)
