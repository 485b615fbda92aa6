# caught by: overload
# mistake: a long queue refuses nobody, and serves those who have left
# like: solution.py

OVERLOAD = {"backlog": 1024, "somaxconn": 1024}
