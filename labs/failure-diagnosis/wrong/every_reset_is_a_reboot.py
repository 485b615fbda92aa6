# caught by: causes
# mistake: takes any RST for a host that has forgotten
# like: solution.py

right_causes = CAUSES


def CAUSES(given):
    found = right_causes(given)
    for letter, ticket in given["tickets"].items():
        if any("[R" in line for line in ticket["tcpdump"]):
            found[letter] = "server rebooted"
    return found
