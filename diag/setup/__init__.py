"""Registering the two applications diag works with: compared, planned, made step by step, read back.

They are two because the permission to send and the permission to change the setting belong to the same service: one
application would put what an administrator may into the token that goes to the mail server.
"""

from diag.setup.making import Made, NotMade, Result, Unsettled, look, make, overtaken
from diag.setup.plan import Plan, Planned, Refused, plan
from diag.setup.questions import QUESTIONS, SETTING, Allowed, Question, allowed
from diag.setup.wanted import NAMES, Wanted, wanted

__all__ = [
    "NAMES",
    "QUESTIONS",
    "SETTING",
    "Allowed",
    "Made",
    "NotMade",
    "Plan",
    "Planned",
    "Question",
    "Refused",
    "Result",
    "Unsettled",
    "Wanted",
    "allowed",
    "look",
    "make",
    "overtaken",
    "plan",
    "wanted",
]
