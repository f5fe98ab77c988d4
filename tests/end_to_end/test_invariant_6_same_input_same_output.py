"""Invariant 6: a second run over the same window changes nothing downstream."""

from collections.abc import Callable
from typing import Any

from sandbox.smartpizza import Config
from tests.end_to_end.company import MARTS, Company


def test_invariant_6_same_input_same_output(company_of: Callable[[Config], Company]) -> None:
    """The overlap reads records again, so raw grows; yet no row of a fact is even rewritten."""
    company = company_of(Config(branches=3, days=2, orders_per_day=25, seed=3))
    company.load()
    company.build()
    raw = company.scalar("select count(*) from raw.smartpizza__orders")
    company.snapshot()
    facts = [mart for mart in MARTS if mart.startswith("fct_")]
    before = {mart: physical_rows(company, mart) for mart in facts}

    company.load()
    company.build()

    assert company.scalar("select count(*) from raw.smartpizza__orders") > raw, "nothing was read again"
    assert company.differences() == {}
    assert {mart: physical_rows(company, mart) for mart in facts} == before


def physical_rows(company: Company, mart: str) -> list[tuple[Any, ...]]:
    """Where each row lies and which transaction wrote it."""
    return company.query(f"select ctid::text, xmin::text from marts.{mart} order by 1")
