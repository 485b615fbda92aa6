"""``python -m tcpcore``."""

import sys

from tcpcore.cli import main

sys.exit(main())
