"""`python -m fogstead.cli`."""

from fogstead.cli.root import main

main(prog_name="fogstead")
