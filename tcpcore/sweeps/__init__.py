"""Many runs of one scenario, and what each of them came to: `tcpcore.sweep`.

A sweep's grid is checked whole before anything runs (`grid`); its cells are worked off in chunks by
any `concurrent.futures.Executor` (`work`, `run`), and each gives one record (`summary`).  A file
keeps what is done (`store`); the answer is a `table`.
"""

from tcpcore.sweeps.run import sweep
from tcpcore.sweeps.table import Table

__all__ = ["Table", "sweep"]
