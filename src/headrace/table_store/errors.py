"""What can go wrong between the table store and the place its files lie in."""

from headrace.kit.outcomes import TryLater


class LakeFull(TryLater):
    """The lake has no room: nothing was kept of the file; free space, then run again."""


class LakeUnreachable(TryLater):
    """The lake cannot be written to or read from now: the disk or object store refused."""


class FileLost(Exception):
    """A file that live rows stand on is missing or damaged: restore it or read its days again."""


class FileSwept(TryLater):
    """A staged file waited longer than the grace of orphans and was removed: stage it again."""
