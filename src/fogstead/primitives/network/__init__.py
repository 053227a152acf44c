"""What the network offers: so far, ports on the listening address."""
