# caught by: orphan schedule
# mistake: lets 0 mean 8 also when the wait has reached its ceiling
# like: solution.py

def orphan_schedule(rto, orphan_retries, rto_max):
    return data_schedule(rto, orphan_retries or 8, rto_max)
