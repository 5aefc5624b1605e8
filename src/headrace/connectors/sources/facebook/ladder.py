"""What to try next when Meta says an answer is too much: smaller pages first, then fewer days."""

from headrace.kit.days import DayRange

PAGE_SIZES = (500, 100, 50)
PIECE_DAYS = (30, 7, 1)


def smaller_page(page_size: int) -> int | None:
    """Return the next page size to try from the same cursor, or None if there is none."""
    return next((size for size in PAGE_SIZES if size < page_size), None)


def smaller_piece(day_count: int) -> int | None:
    """Return into pieces of how many days to cut a piece of `day_count` days, or None for one day."""
    return next((days for days in PIECE_DAYS if days < day_count), None)


def pieces(days: DayRange, piece_days: int) -> list[DayRange]:
    """Cut days into pieces of at most `piece_days`, oldest first."""
    return days.chunks_newest_first(piece_days)[::-1]
