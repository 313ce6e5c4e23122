"""`python -m wx_archive` is the command `wx-archive`."""

from wx_archive.cli import main

if __name__ == "__main__":
    main()
