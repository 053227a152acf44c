"""Speed beside the peers, measured the same way for everybody. `make bench`, or `python -m benchmarks.run --help`."""
