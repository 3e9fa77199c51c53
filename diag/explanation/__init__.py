"""Explains a text: what in it speaks of which cause. Pure and offline; the same text always comes to the same."""

from diag.explanation.explaining import explain
from diag.explanation.findings import Explanation, Finding, Question, SuspectedCause

__all__ = ["Explanation", "Finding", "Question", "SuspectedCause", "explain"]
