"""AWS Security Token Service: so far, who is calling."""
