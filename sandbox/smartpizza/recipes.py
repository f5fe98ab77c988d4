"""Recipes: versions over time, their two-level composition, and what a pizza comes to in ingredients."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sandbox.smartpizza.arrays import Instants, Ints
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.menu import (
    COMPONENTS,
    DOUGH_GRAMS,
    INGREDIENTS,
    PIZZAS,
    SAUCE_GRAMS,
    SEMOLINA,
    SIZE_WEIGHT,
    SIZES,
    Pizza,
)
from sandbox.smartpizza.money import kilograms
from sandbox.smartpizza.paging import Listing, Record, sort_listing
from sandbox.smartpizza.times import DAY, HOUR, NEVER, START, format_instant

RECIPE_IDS = tuple(pizza.recipe_id for pizza in PIZZAS) + tuple(part.recipe_id for part in COMPONENTS)
_COMPONENT = {part.recipe_id: part for part in COMPONENTS}
_ROW = {recipe_id: row for row, recipe_id in enumerate(RECIPE_IDS)}
_INGREDIENT = {name: row for row, name in enumerate(INGREDIENTS)}

# New versions come at most once in ten days, and for two simulated years.
_PERIOD = 10 * DAY
_PERIODS = 73
_RENEWED = 0.15


class Recipes:
    """All recipes of one simulation. Pizza rows are those of the menu, components follow."""

    def __init__(self, draws: Hash) -> None:
        self._draws = draws
        versions = [self._valid_from(row) for row in range(len(RECIPE_IDS))]
        self._starts = np.full((len(RECIPE_IDS), max(map(len, versions))), NEVER, np.int64)
        for row, instants in enumerate(versions):
            self._starts[row, : len(instants)] = instants
        lead = draws.between("recipe:lead", np.arange(self._starts.size), 2 * HOUR, 12 * HOUR)
        self._published = np.where(
            self._starts < NEVER, self._starts - lead.reshape(self._starts.shape), NEVER
        )
        self.grams = lru_cache(maxsize=4096)(self._grams)
        self.ingredient_grams = lru_cache(maxsize=64)(self._ingredient_grams)

    def version_at(self, recipe: Ints, instant: Instants) -> Ints:
        """Version (from 1) of each recipe row that is valid at each instant."""
        version: Ints = (self._starts[recipe] <= instant[..., np.newaxis]).sum(axis=-1)
        return version

    def listing(self, now: int) -> Listing:
        """Every version published by now; one with a successor has its valid_to and is newly updated."""
        recipe, slot = np.nonzero(self._published <= now)
        following = np.full(len(recipe), NEVER, np.int64)
        has_next = slot + 1 < self._starts.shape[1]
        following[has_next] = self._published[recipe[has_next], slot[has_next] + 1]
        updated = np.where(following <= now, following, self._published[recipe, slot])
        rows = recipe * 1000 + slot
        keys = np.array([self._key(int(row)) for row in rows])
        sorted_updated, sorted_rows = sort_listing(updated, rows, keys)

        def render(wanted: Instants, changed: Instants) -> list[Record]:
            return [
                self._record(*divmod(int(row), 1000), int(at))
                for row, at in zip(wanted, changed, strict=True)
            ]

        return Listing(sorted_updated, sorted_rows, key=self._key, render=render)

    @staticmethod
    def _key(row: int) -> str:
        return f"{RECIPE_IDS[row // 1000]} {row % 1000 + 1:04d}"

    def _valid_from(self, row: int) -> list[int]:
        former = int(self._draws.between("recipe:former", row, 1, 5)[0])
        starts = [START - 1000 * DAY + number * 200 * DAY for number in range(former)]
        periods = np.arange(_PERIODS)
        renewed = self._draws.chance(f"recipe:{row}:renewed", periods, _RENEWED)
        within = self._draws.between(f"recipe:{row}:within", periods, 1 * DAY, 9 * DAY)
        return starts + [int(START + period * _PERIOD + within[period]) for period in periods[renewed]]

    def _record(self, recipe: int, slot: int, updated: int) -> Record:
        closes = int(self._starts[recipe, slot + 1]) if slot + 1 < self._starts.shape[1] else NEVER
        closed = closes < NEVER and updated >= int(self._published[recipe, slot + 1])
        is_pizza = recipe < len(PIZZAS)
        what = PIZZAS[recipe] if is_pizza else COMPONENTS[recipe - len(PIZZAS)]
        sizes = range(SIZES.index(PIZZAS[recipe].largest) + 1) if is_pizza else range(1)
        return {
            "recipe_id": what.recipe_id,
            "name": what.name,
            "category": what.category,
            "kind": "pizza" if is_pizza else "component",
            "version": slot + 1,
            "valid_from": format_instant(int(self._starts[recipe, slot])),
            "valid_to": format_instant(closes) if closed else None,
            "updated_at": format_instant(updated),
            "sizes": [
                {
                    "size": SIZES[size] if is_pizza else "KG",
                    "components": [
                        _part(name, grams) for name, grams in self.grams(recipe, slot + 1, size).items()
                    ],
                }
                for size in sizes
            ],
        }

    def _grams(self, recipe: int, version: int, size: int) -> dict[str, int]:
        """Grams of each ingredient and component in a pizza of this size, or in a kilogram of a component."""
        if recipe < len(PIZZAS):
            parts, weight = _pizza_parts(PIZZAS[recipe]), SIZE_WEIGHT[size]
        else:
            parts, weight = dict(COMPONENTS[recipe - len(PIZZAS)].parts), 100
        names = list(parts)
        for number in range(2, version + 1):
            # Each version changes one quantity by up to a tenth, up or down.
            seed = recipe * 1000 + number
            name = names[int(self._draws.below("recipe:changed", seed, len(names))[0])]
            percent = 90 + int(self._draws.below("recipe:change", seed, 21)[0])
            parts[name] = max(1, parts[name] * percent // 100)
        return {name: max(1, grams * weight // 100) for name, grams in parts.items()}

    def _ingredient_grams(self, day: int) -> NDArray[np.float64]:
        """Grams of every ingredient (column) in every pizza and size (row pizza * 5 + size) on a day."""
        noon = np.full(len(RECIPE_IDS), START + day * DAY + DAY // 2)
        versions = self.version_at(np.arange(len(RECIPE_IDS)), noon)
        kilogram: dict[str, NDArray[np.float64]] = {}

        def explode(recipe: int, size: int) -> NDArray[np.float64]:
            total = np.zeros(len(INGREDIENTS))
            for name, grams in self.grams(recipe, int(versions[recipe]), size).items():
                if name in _COMPONENT:
                    if name not in kilogram:
                        kilogram[name] = explode(_ROW[name], 0)
                    total += kilogram[name] * (grams / 1000)
                else:
                    total[_INGREDIENT[name]] += grams
            return total

        return np.array(
            [explode(recipe, size) for recipe in range(len(PIZZAS)) for size in range(len(SIZES))]
        )


def _pizza_parts(pizza: Pizza) -> dict[str, int]:
    dough = "semolina_dough" if pizza.recipe_id in SEMOLINA else "classic_dough"
    return {dough: DOUGH_GRAMS, pizza.sauce: SAUCE_GRAMS, **pizza.toppings}


def _part(name: str, grams: int) -> Record:
    quantity = kilograms(grams)
    if name in _COMPONENT:
        return {"type": "sub_recipe", "recipe_id": name, "quantity": quantity, "unit": "kg"}
    shown = name.replace("_", " ").capitalize()
    return {"type": "ingredient", "ingredient_id": name, "name": shown, "quantity": quantity, "unit": "kg"}
