"""Lets `python -m allinone` stand in for the `allinone` command."""

from allinone.cli.main import main

if __name__ == "__main__":
    main()
