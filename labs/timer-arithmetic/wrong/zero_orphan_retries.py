# caught by: orphan schedule
# mistake: takes tcp_orphan_retries=0 at its word
# like: solution.py

def orphan_schedule(rto, orphan_retries, rto_max):
    return data_schedule(rto, orphan_retries, rto_max)
