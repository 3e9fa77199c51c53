"""An OAuth 2.0 error answer, read into a `Refusal`."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from diag.evidence import Refusal
from diag.secret import Redactor
from diag.sentence import well_formed

_LONGEST = 64 * 1024
_MOST_CODES = 9


def _strings(value: object) -> tuple[str, ...]:
    return tuple(well_formed(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _blocking_policies(claims: object) -> tuple[str, ...]:
    """The ids of the Conditional Access policies that blocked, out of the JSON text in `claims`."""
    if not isinstance(claims, str):
        return ()
    try:
        return _strings(json.loads(claims)["access_token"]["capolids"]["values"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


Step: TypeAlias = Literal["discovery", "device_code", "token", "refresh"]


def codes_of(body: Mapping[str, Any]) -> tuple[int, ...]:
    """The AADSTS numbers: the field, else the one in the description."""
    codes = body.get("error_codes")
    if isinstance(codes, list):
        return tuple(code for code in codes[:_MOST_CODES] if isinstance(code, int))
    found = re.match(r"AADSTS(\d{4,9})\b", str(body.get("error_description", "")))
    return (int(found[1]),) if found else ()


def refusal_of(step: Step, body: Mapping[str, Any], http_status: int | None, redactor: Redactor) -> Refusal:
    """Read an error answer; every field of it may be missing, or of another kind than it should be."""

    def text(name: str) -> str | None:
        value = body.get(name)
        return redactor.clean(well_formed(value[:_LONGEST])) if isinstance(value, str) and value else None

    return Refusal(
        step=step,
        http_status=http_status,
        error=text("error") or "",
        codes=codes_of(body),
        suberror=text("suberror"),
        description=(text("error_description") or "").partition("Trace ID:")[0].rstrip(),
        policies=_blocking_policies(body.get("claims")),
        trace_id=text("trace_id"),
        correlation_id=text("correlation_id"),
        timestamp=text("timestamp"),
    )
