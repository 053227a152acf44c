"""What the machine offers: time, identifiers, stored keys, ports. Each an interface with its adapters."""
