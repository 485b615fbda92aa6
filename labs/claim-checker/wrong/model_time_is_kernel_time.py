# caught by: the real kernel
# mistake: takes the engine's exact time for the kernel's
# like: solution.py


def KERNEL(given):
    trace = registry.run(given["record"]["scenario"], given["record"]["settings"])
    return round(max(one.sent for one in trace.segments if one.sender == 0) / 1e6, 1)
