"""The items of an order: pizzas with their modifiers and halves, sides and drinks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sandbox.smartpizza.drift import Shape
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.menu import DRINKS, PIZZAS, SIDES, SIZES
from sandbox.smartpizza.money import kilograms
from sandbox.smartpizza.orders.content import LINES, PIZZA_LINES, SIDE, Content
from sandbox.smartpizza.orders.schedule import Schedule
from sandbox.smartpizza.paging import Record
from sandbox.smartpizza.recipes import Recipes

Money = Callable[[int], Any]

_ADDED = (
    "mozzarella",
    "mushroom",
    "jalapeno",
    "red_onion",
    "black_olive",
    "pepperoni",
    "sweetcorn",
    "chicken_breast",
)
_ADDED_GRAMS = 30
_ADD_ONLY, _REMOVE_ONLY, _BOTH = 0.10, 0.18, 0.20


class LineWriter:
    """Draws lines for a whole page and writes them order by order."""

    def __init__(self, draws: Hash, recipes: Recipes) -> None:
        self._draws = draws
        self._recipes = recipes

    def draw(self, schedule: Schedule, content: Content) -> "PageLines":
        """The lines of the scheduled orders."""
        lines = schedule.source[:, np.newaxis] * PIZZA_LINES + np.arange(PIZZA_LINES)
        placed = np.broadcast_to(schedule.placed[:, np.newaxis], lines.shape)
        pizzas = content.article[:, :PIZZA_LINES]
        return PageLines(
            article=content.article.tolist(),
            second=content.second.tolist(),
            size=content.size.tolist(),
            quantity=content.quantity.tolist(),
            unit_price=content.unit_price.tolist(),
            discount=content.discount.tolist(),
            tax=content.tax.tolist(),
            version=self._recipes.version_at(pizzas, placed).tolist(),
            second_version=self._recipes.version_at(content.second, placed).tolist(),
            modified=self._draws.unit("line:modified", lines).tolist(),
            modifier=self._draws.below("line:modifier", lines, 1 << 20).tolist(),
            recipes=self._recipes,
        )


class PageLines:
    """Lines of one page's orders, as nested lists by order and line."""

    def __init__(self, *, recipes: Recipes, **columns: list[Any]) -> None:
        self._recipes = recipes
        self._columns = columns

    def write(self, at: int, shape: Shape, money: Money) -> list[Record]:
        """The items of the order at this place in the page."""
        line = {name: column[at] for name, column in self._columns.items()}
        items: list[Record] = []
        for number in range(LINES):
            quantity = line["quantity"][number]
            if not quantity:
                continue
            item: Record = {"line_id": len(items) + 1}
            if number < PIZZA_LINES:
                item |= _pizza(line, number)
            else:
                menu, kind = (SIDES, "side") if number == SIDE else (DRINKS, "drink")
                sku = menu[line["article"][number]].sku
                item |= {"kind": kind, "sku": sku, "recipe_id": None, "recipe_version": None, "size": None}
            item["quantity"] = f"{quantity}.0" if shape.quantity_strings else quantity
            item["unit_price"] = money(line["unit_price"][number])
            item["discount"] = money(line["discount"][number])
            item["tax"] = money(line["tax"][number])
            modifiers = self._modifiers(line, number) if number < PIZZA_LINES else []
            item["modifiers"] = None if shape.null_arrays and not modifiers else modifiers
            items.append(item)
        return items

    def _modifiers(self, line: dict[str, list[Any]], number: int) -> list[Record]:
        """What is added to each pizza of the line, and what is left off it (at most what its recipe has)."""
        drawn, pick = line["modified"][number], line["modifier"][number]
        halved = line["second"][number] >= 0
        modifiers = []
        if drawn < _ADD_ONLY or _REMOVE_ONLY <= drawn < _BOTH:
            modifiers.append(_modifier("add", _ADDED[pick % len(_ADDED)], _ADDED_GRAMS))
        if _ADD_ONLY <= drawn < _BOTH and not halved:
            pizza = line["article"][number]
            toppings = tuple(PIZZAS[pizza].toppings)
            topping = toppings[(pick >> 8) % len(toppings)]
            # Nobody asks for more of a topping and for none of it.
            if not modifiers or modifiers[0]["ingredient_id"] != topping:
                grams = self._recipes.grams(pizza, line["version"][number], line["size"][number])[topping]
                modifiers.append(_modifier("remove", topping, grams))
        return modifiers


def _modifier(action: str, ingredient: str, grams: int) -> Record:
    return {"action": action, "ingredient_id": ingredient, "quantity": kilograms(grams)}


def _pizza(line: dict[str, list[Any]], number: int) -> Record:
    recipe = PIZZAS[line["article"][number]].recipe_id
    size, second = SIZES[line["size"][number]], line["second"][number]
    version = line["version"][number]
    if second < 0:
        sku = f"{recipe}_{size.lower()}"
        return {"kind": "pizza", "sku": sku, "recipe_id": recipe, "recipe_version": version, "size": size}
    return {
        "kind": "pizza",
        "sku": f"half_and_half_{size.lower()}",
        "recipe_id": None,
        "recipe_version": None,
        "size": size,
        "halves": [
            {"recipe_id": recipe, "recipe_version": version},
            {"recipe_id": PIZZAS[second].recipe_id, "recipe_version": line["second_version"][number]},
        ],
    }
