"""The small programs behind the Makefile; none of them is needed to use `tcpcore`."""
