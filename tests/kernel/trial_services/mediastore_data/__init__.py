"""Bodies kept before their transaction, answers read after it, and decisions about each of several things."""
