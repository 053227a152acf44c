"""Services that exist for tests alone."""
