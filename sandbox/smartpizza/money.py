"""Amounts on paper."""


def cents(amount: int) -> str:
    """A decimal string of an amount in hundredths; amounts are never negative."""
    return f"{amount // 100}.{amount % 100:02d}"


def kilograms(grams: int) -> str:
    """A decimal string of kilograms, three digits after the point; may be negative."""
    sign, grams = ("-", -grams) if grams < 0 else ("", grams)
    return f"{sign}{grams // 1000}.{grams % 1000:03d}"
