"""What the store does for ratings, once with PostgreSQL."""

from __future__ import annotations

from tests.backend.test_backend_ratings import (
    test_one_word_is_added_once_by_whose_case_it_is_and_a_bad_one_is_a_task_again,
)

STORES = ("postgresql",)
__all__ = ["test_one_word_is_added_once_by_whose_case_it_is_and_a_bad_one_is_a_task_again"]
