# caught by: who notices what
# mistake: says of every rule that the first script notices it
# like: solution.py

def NOTICES(given):
    return {name: 1 for name in given["rules"]}
