"""What services are written with: declarations, transactions, calls, and the pipeline around every operation."""
