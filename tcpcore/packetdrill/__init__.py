"""packetdrill scripts without root: one script, run on the engine or on this machine's kernel."""
