"""`python -m fogstead.cli`."""

from fogstead.cli import main

main()
