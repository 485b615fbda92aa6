"""One TCP endpoint without I/O: segments and calls in, segments and deadlines out."""
