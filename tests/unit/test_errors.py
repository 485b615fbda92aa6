"""Errnos are Linux's, in the exceptions that Python users expect."""

from __future__ import annotations

import errno
import os

import pytest

from tcpcore import errors

NUMBERS = {name: value for name, value in vars(errors).items() if name[0] == "E" and name.isupper()}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_names_and_messages_are_those_of_linux(name: str):
    number = NUMBERS[name]
    assert number == getattr(errno, name)
    error = errors.socket_error(number)
    assert error.errno == number
    assert error.strerror == os.strerror(number)
    assert errors.errno_name(number) == name


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errors.ETIMEDOUT, TimeoutError),
        (errors.ECONNREFUSED, ConnectionRefusedError),
        (errors.ECONNRESET, ConnectionResetError),
        (errors.EPIPE, BrokenPipeError),
        (errors.EAGAIN, BlockingIOError),
        (errors.EINVAL, OSError),
    ],
)
def test_an_errno_is_raised_as_the_class_that_python_has_for_it(number: int, kind: type[OSError]):
    with pytest.raises(kind) as caught:
        raise errors.socket_error(number)
    assert isinstance(caught.value, errors.SocketError)


def test_unknown_and_missing_numbers_have_names_too():
    assert errors.errno_name(None) == "no errno"
    assert errors.errno_name(9999) == "errno 9999"
