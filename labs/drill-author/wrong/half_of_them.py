# caught by: my ten rules
# mistake: stops after five scripts
# like: solution.py

def SCRIPTS(given):
    return [whole(name) for name in list(given["rules"])[:5]]


def NOTICES(given):
    return {name: min(number, 5) for number, name in enumerate(given["rules"], 1)}
