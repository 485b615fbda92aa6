"""Special to trace-detective: every id can be solved, and what the page says of them holds."""

from __future__ import annotations

import random

from labs.kit import open_lab

LAB = open_lab("trace-detective")
SOLUTION = (LAB.folder / "solution.py").read_text()


def test_the_traces_of_a_hundred_ids_can_be_solved():
    for number in range(100):
        result = LAB.grade(SOLUTION, f"student {number}")
        assert result.points == 100, (number, [one.message for one in result.verdicts])


def test_ten_fields_are_blank_and_no_other():
    for number in range(30):
        given = LAB.instance(f"student {number}").given
        blank = [
            f"{name} of {one['n']}" for one in given["trace"] for name in one if one[name] is None
        ]
        assert sorted(blank) == sorted(given["blanks"])
        assert len(blank) == 10


def test_all_three_endings_and_all_three_fates_of_a_reset_occur():
    endings, fates = set(), set()
    for number in range(60):
        expected = LAB.instance(f"student {number}").expected
        endings.add("CLOSING" in expected.values())
        fates |= set(expected["forged"])
    assert endings == {True, False}
    assert fates == {"resets", "challenges", "drops"}


def test_the_clients_window_is_what_the_page_says():
    made = LAB.load("instance.py")
    for seed in range(10):
        talk = made.Talk(random.Random(seed), 6, "client first")
        seen = []

        def look(talk=talk, seen=seen):
            c = next(iter(talk.client.endpoints.values()))
            seen.append(c.rcv_wup + c.rcv_wnd - c.rcv_nxt)

        for time in (170, 275, 380):
            talk.net.after(time * 1000, look)
        talk.run()
        assert all(40_000 < one < 70_000 for one in seen), seen


def test_no_id_has_three_resets_with_one_fate():
    for number in range(60):
        assert len(set(LAB.instance(f"student {number}").expected["forged"])) > 1, number


def test_a_right_value_in_another_notation_is_told_so():
    student = "student 1"
    expected = LAB.instance(student).expected
    seq = next(name for name in expected if name.startswith("blank seq"))
    first = next(name for name in expected if name.startswith("state "))
    for kind, key, value, hint in (
        ("BLANKS", seq, str(expected[seq]), "without quotes"),
        ("STATES", first, "SYN-SENT", "SYN_SENT"),
    ):
        asked = {name.partition(" ")[2]: found for name, found in expected.items()
                 if name.startswith(key.split()[0])}  # fmt: skip
        asked[key.partition(" ")[2]] = value
        result = LAB.grade(f'ID = "{student}"\n{kind} = {asked!r}\n', student)
        assert any(hint in (one.message or "") for one in result.verdicts), result.verdicts
