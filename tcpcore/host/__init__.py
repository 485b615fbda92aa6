"""A Linux host: the stack around TCP endpoints, its sockets, processes, sysctls and counters."""
