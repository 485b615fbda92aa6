"""How fast to send: congestion control behind one small protocol."""
