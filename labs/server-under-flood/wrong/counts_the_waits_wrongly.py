# caught by: my queues
# mistake: forgets the last wait: a request outlives its last SYN+ACK
# like: solution.py

right_mine = MINE


def MINE(given):
    life = 2 ** given["tcp_synack_retries"] - 1
    return {**right_mine(given), "lifetime": life, "half open": given["flood"] * life}
