"""``python -m reprobundle`` is ``reprobundle``."""

import sys

from reprobundle.cli import main

if __name__ == "__main__":
    sys.exit(main())
