"""Ancillary data in scripts: how a difference is told, and what counts as one."""

from __future__ import annotations

from tcpcore.host.ancillary import Note, fit, space
from tcpcore.packetdrill.ancillary import room_for, unlike

ERROR = {
    "ee_errno": 0, "ee_origin": 5, "ee_type": 0, "ee_code": 1, "ee_info": 0, "ee_data": 3,
}  # fmt: skip


def note(level: int, kind: int, data: object) -> dict[str, object]:
    """A control message as a script says it."""
    return {"cmsg_level": level, "cmsg_type": kind, "cmsg_data": data}


def told(expected: list[dict[str, object]], found: list[Note], tolerance: int = 0) -> list[str]:
    """What is not as expected."""
    return unlike({"msg_control": expected}, found, tolerance)


def test_the_field_that_differs_is_named() -> None:
    wanted = ERROR | {"ee_data": 2}
    assert told([note(0, 11, wanted)], [Note(0, 11, ERROR)]) == [
        "control message 1 (IP_RECVERR): ee_data is 3, not 2"
    ]


def test_a_message_of_another_kind_is_named() -> None:
    assert told([note(0, 11, ERROR)], [Note(6, 36, 7)]) == [
        "control message 1 is TCP_CM_INQ, not IP_RECVERR"
    ]


def test_what_is_missing_and_what_came_too_are_told() -> None:
    assert told([note(6, 36, 7)], []) == ["no TCP_CM_INQ came"]
    assert told([], [Note(6, 36, 7)]) == ["TCP_CM_INQ came, too: 7"]


def test_times_may_differ_by_the_tolerance_and_zero_is_any_time() -> None:
    found = [Note(1, 37, {"scm_sec": 1, "scm_nsec": 5_000_000}, 48)]
    at = [note(1, 37, {"scm_sec": 1, "scm_nsec": 1_000_000})]
    assert told(at, found, 4_000) == []
    assert told(at, found, 3_999) == [
        "control message 1 (SCM_TIMESTAMPING) is of 1.005000 s, not of 1.001000 s"
    ]
    assert told([note(1, 37, {"scm_sec": 0, "scm_nsec": 0})], found) == []


def test_a_duration_of_zero_is_exactly_zero() -> None:
    found = [Note(1, 54, {"TCP_NLA_BUSY": 1000, "TCP_NLA_SND_CWND": 10}, 64)]
    assert told([note(1, 54, {"TCP_NLA_BUSY": 900})], found, 100) == []
    assert told([note(1, 54, {"TCP_NLA_BUSY": 0})], found, 4_000) != []
    assert told([note(1, 54, {"TCP_NLA_SND_CWND": 9})], found, 4_000) != []


def test_room_is_what_the_expected_messages_take() -> None:
    stamp = note(1, 37, {"scm_sec": 0, "scm_nsec": 0})
    assert room_for({"msg_control": [note(6, 36, 7)]}) == space(4) == 24
    assert room_for({"msg_control": [stamp, note(0, 11, ERROR)]}) == space(48) + space(32)
    assert room_for({"msg_control": [note(41, 25, ERROR)]}) == space(44)
    assert room_for({}) == 0


def test_what_does_not_fit_is_cut_off() -> None:
    notes = [Note(6, 36, 1), Note(6, 36, 2)]
    assert fit(notes, 48) == (notes, 0)
    assert fit(notes, 44) == (notes, 0)
    assert fit(notes, 43) == (notes[:1], 8)
    assert fit(notes, 0) == ([], 8)
