# caught by: with cookies
# mistake: a queue of 256 cannot hold so strong a flood, however short the requests live
# like: solution.py

COOKIES = {"backlog": 256, "somaxconn": 256, "tcp_syncookies": 0, "tcp_synack_retries": 0}
