"""How people look at TCP: tcpdump's text, and what a capture says about both ends."""
