# caught by: to the point
# mistake: leaves out what a script is about
# like: solution.py

def SCRIPTS(given):
    return [whole(name).partition("\n")[2] for name in given["rules"]]
