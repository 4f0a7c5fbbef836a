"""The variables of an action particle: one file per skill that has its own, bounds of the parameters for any other."""

from __future__ import annotations

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
