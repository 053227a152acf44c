"""Real programs that this cloud drives, one file each: how it is found, started, watched, backed up and stopped.

None has landed yet; the first comes with the first service that needs one.
"""
