"""What is tried next when an answer is too much."""

import pytest

from connectors.facebook.asking import days
from headrace.connectors.sources.facebook.ladder import pieces, smaller_page, smaller_piece


@pytest.mark.parametrize(
    ("size", "smaller"), [(500, 100), (100, 50), (50, None), (300, 100), (20, None)]
)
def test_pages_shrink(size: int, smaller: int | None) -> None:
    assert smaller_page(size) == smaller


@pytest.mark.parametrize(
    ("count", "smaller"), [(90, 30), (30, 7), (28, 7), (7, 1), (5, 1), (2, 1), (1, None)]
)
def test_pieces_shrink(count: int, smaller: int | None) -> None:
    assert smaller_piece(count) == smaller


@pytest.mark.parametrize("count", [1, 6, 7, 8, 30, 61])
@pytest.mark.parametrize("size", [30, 7, 1])
def test_pieces_cover_the_window_once_oldest_first(count: int, size: int) -> None:
    cut = pieces(days(count), size)

    assert [day for piece in cut for day in piece.days()] == list(days(count).days())
    assert all(piece.day_count <= size for piece in cut)
