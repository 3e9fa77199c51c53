"""A simulated tenant on loopback, over real TLS: SMTP submission, the sign-in service and DNS, as a scenario sets them.

It speaks the wire: whoever talks to it uses the same code as against the real services.
"""

from diag.lab.lab import Lab
from diag.lab.loader import ScenarioError, load_scenario, scenario_names
from diag.lab.records import Received, Request, Session
from diag.lab.scenario import Scenario

__all__ = ["Lab", "Received", "Request", "Scenario", "ScenarioError", "Session", "load_scenario", "scenario_names"]
