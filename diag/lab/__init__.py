"""A simulated tenant on loopback, over real TLS: SMTP submission, the sign-in service and DNS, as a scenario sets them.

It speaks the wire: whoever talks to it uses the same code as against the real services.
"""

from typing import TypeAlias

from diag.lab.fleet import inventory_of, truth_of
from diag.lab.lab import Lab
from diag.lab.loader import ScenarioError, is_served, load_scenario, scenario_names
from diag.lab.records import Received, Request, Session
from diag.lab.scenario import Scenario
from diag.lab.served import ServedLab, hand_out, handed_out, served, withdraw

AnyLab: TypeAlias = Lab | ServedLab

__all__ = [
    "AnyLab",
    "Lab",
    "Received",
    "Request",
    "Scenario",
    "ScenarioError",
    "ServedLab",
    "Session",
    "hand_out",
    "handed_out",
    "inventory_of",
    "is_served",
    "load_scenario",
    "scenario_names",
    "served",
    "truth_of",
    "withdraw",
]
