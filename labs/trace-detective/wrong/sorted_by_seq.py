# caught by: order of sending
# mistake: sorts all segments by their sequence numbers, as if both hosts shared them
# like: solution.py


def ORDER(given):
    return [one["letter"] for one in sorted(given["shuffled"], key=lambda one: one["seq"])]
