"""`python -m deltaw` is `deltaw`."""

import sys

from deltaw.cli import main

sys.exit(main())
