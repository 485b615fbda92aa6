"""What is on the wire: segments, options, bytes, checksums, captures."""
