import logging
from collections.abc import Iterator

import pytest
import structlog

from diag.logs import configure, place_of
from diag.secret import Redactor, Secret

SECRET = "hunter2-hunter2-hunter2"


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    redactor = Redactor()
    redactor.add(Secret(SECRET))
    configure("info", redactor.clean)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


def _fail(token: str) -> None:
    raise RuntimeError(token)


def test_an_exception_is_logged_by_type_and_place_without_locals_or_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        _fail("other-secret-value")
    except RuntimeError:
        structlog.get_logger().exception("it broke")
        logging.getLogger("library").exception("so did %s", "this")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("RuntimeError at ") == 2
    assert "other-secret-value" not in err
    assert "Traceback" not in err


def test_secrets_and_control_characters_do_not_reach_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("said", reply=f"535 {SECRET}\x1b[2J", count=3)
    logging.getLogger("library").warning("sent %s\x1b[2J", SECRET)
    err = capsys.readouterr().err
    assert SECRET not in err
    assert "\x1b" not in err
    assert err.count("[redacted]") == 2
    assert "count=3" in err


def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().debug("quiet")
    logging.getLogger("library").info("quiet")
    assert capsys.readouterr().err == ""


def test_the_place_of_a_group_is_that_of_its_first_exception() -> None:
    def grouped() -> None:
        try:
            _fail("x")
        except RuntimeError as problem:
            group = "two"
            raise ExceptionGroup(group, [problem]) from None

    with pytest.raises(ExceptionGroup) as raised:
        grouped()
    assert place_of(raised.value).startswith("RuntimeError at cli/test_logs.py:")
    assert place_of(ValueError("never raised")) == "ValueError at ?"
