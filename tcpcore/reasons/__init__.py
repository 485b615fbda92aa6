"""The catalogue of reasons: why a host sends, drops, changes state or sets a timer.

Each entry is a sentence with holes, the RFC paragraph and the kernel function (6.18).  Keys never
change meaning: pages and labs refer to them.  `values` that fill the holes come from the place
that decided.  The entries stand in the modules of this package, by subject.
"""

from tcpcore.reasons.closing import *
from tcpcore.reasons.data import *
from tcpcore.reasons.fast_open import *
from tcpcore.reasons.opening import *
from tcpcore.reasons.queues import *
from tcpcore.reasons.timeouts import *
from tcpcore.reasons.wire import *
from tcpcore.reasons.world import *
