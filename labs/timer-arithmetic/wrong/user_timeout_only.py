# caught by: mended
# mistake: trusts TCP_USER_TIMEOUT alone and lets the RTO double up to 120 s
# like: solution.py

def MENDED(given):
    wanted = given["mend"]
    return {
        "tcp_syn_retries": 2,
        "tcp_syn_linear_timeouts": 0,
        "tcp_rto_max_ms": 120000,
        "TCP_USER_TIMEOUT": 1000 * wanted["outage"] + 100,
        "TCP_KEEPIDLE": 15,
        "TCP_KEEPINTVL": 1,
        "TCP_KEEPCNT": 3,
    }
