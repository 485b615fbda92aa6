"""What labs are made of: checks, answers, instances, verdicts; see labs/README.md."""

from labs.kit.answer import Answer, Thing
from labs.kit.instance import Instance
from labs.kit.lab import Lab, folders, open_lab
from labs.kit.network import BoundedNetwork
from labs.kit.verdicts import Failed, Part, Result, Unwritten, Verdict, Wrong, agree, quoted, share

__all__ = [
    "Answer",
    "BoundedNetwork",
    "Failed",
    "Instance",
    "Lab",
    "Part",
    "Result",
    "Thing",
    "Unwritten",
    "Verdict",
    "Wrong",
    "agree",
    "folders",
    "open_lab",
    "quoted",
    "share",
]
