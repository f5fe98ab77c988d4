"""The menu: what is sold, at what price, made of what. Prices in cents, quantities in grams."""

from typing import NamedTuple

SIZES = ("S", "M", "L", "XL", "XXL")
SIZE_WEIGHT = (70, 100, 135, 175, 220)  # percent of size M, toppings and dough alike
SIZE_PRICE = (-300, 0, 400, 850, 1400)  # cents on top of size M

_INGREDIENTS = """
    anchovy artichoke aubergine basil black_olive black_pepper brown_sugar butter capers cherry_tomato
    chicken_breast chilli_flakes chorizo cider_vinegar cooked_ham coriander courgette cream dry_yeast
    fennel_sausage feta garlic goat_cheese gorgonzola green_olive green_pepper jalapeno mozzarella
    mushroom mustard nduja olive_oil oregano pancetta parmesan pear pepperoni pine_nut pineapple
    plum_tomato potato prawn prosciutto provolone pulled_beef red_onion red_pepper ricotta
    roasted_squash rocket rosemary salami sea_salt semolina smoked_paprika smoked_salmon smoked_scamorza
    spinach sugar sun_dried_tomato sweetcorn tuna walnut water wheat_flour
"""
INGREDIENTS = tuple(_INGREDIENTS.split())


class Component(NamedTuple):
    """A dough or sauce; grams of ingredients, and of other components, that make one kilogram of it."""

    recipe_id: str
    name: str
    category: str
    parts: dict[str, int]


COMPONENTS = (
    Component("classic_dough", "Classic dough", "dough",
              {"wheat_flour": 600, "water": 365, "olive_oil": 15, "sea_salt": 14, "dry_yeast": 6}),
    Component("semolina_dough", "Semolina dough", "dough",
              {"classic_dough": 880, "semolina": 100, "sugar": 20}),
    Component("tomato_sauce", "Tomato sauce", "sauce",
              {"plum_tomato": 920, "olive_oil": 40, "garlic": 18, "oregano": 6, "basil": 10, "sea_salt": 6}),
    Component("bbq_sauce", "Barbecue sauce", "sauce",
              {"tomato_sauce": 640, "brown_sugar": 160, "cider_vinegar": 110, "mustard": 70,
               "smoked_paprika": 20}),
    Component("arrabbiata_sauce", "Arrabbiata sauce", "sauce",
              {"tomato_sauce": 960, "chilli_flakes": 25, "black_pepper": 15}),
    Component("white_sauce", "White sauce", "sauce",
              {"cream": 700, "parmesan": 160, "butter": 110, "garlic": 20, "black_pepper": 10}),
    Component("pesto", "Basil pesto", "sauce",
              {"basil": 380, "olive_oil": 330, "parmesan": 170, "pine_nut": 90, "garlic": 30}),
    Component("pink_sauce", "Pink sauce", "sauce", {"arrabbiata_sauce": 520, "white_sauce": 480}),
)  # fmt: skip


class Pizza(NamedTuple):
    """A pizza in size M: its price in cents, its sauce and the grams of each topping."""

    recipe_id: str
    name: str
    category: str
    price: int
    sauce: str
    toppings: dict[str, int]
    largest: str = "L"


# Most popular first.
PIZZAS = (
    Pizza("margherita", "Margherita", "classic", 995, "tomato_sauce", {"mozzarella": 120, "basil": 4}, "XL"),
    Pizza("double_pepperoni", "Double Pepperoni", "meat", 1295, "tomato_sauce",
          {"mozzarella": 110, "pepperoni": 85}, "XXL"),
    Pizza("smokehouse_chicken", "Smokehouse Chicken", "meat", 1395, "bbq_sauce",
          {"mozzarella": 100, "chicken_breast": 90, "red_onion": 25, "smoked_scamorza": 20}, "XL"),
    Pizza("ham_and_mushroom", "Ham and Mushroom", "classic", 1195, "tomato_sauce",
          {"mozzarella": 105, "cooked_ham": 60, "mushroom": 50}, "XL"),
    Pizza("garden_patch", "Garden Patch", "veggie", 1145, "tomato_sauce",
          {"mozzarella": 90, "red_pepper": 35, "courgette": 35, "red_onion": 20, "cherry_tomato": 30}),
    Pizza("sunny_island", "Sunny Island", "classic", 1195, "tomato_sauce",
          {"mozzarella": 105, "cooked_ham": 55, "pineapple": 60}, "XL"),
    Pizza("four_dairies", "Four Dairies", "veggie", 1245, "white_sauce",
          {"mozzarella": 80, "gorgonzola": 30, "provolone": 35, "parmesan": 15}),
    Pizza("diavola_rossa", "Diavola Rossa", "meat", 1345, "arrabbiata_sauce",
          {"mozzarella": 100, "salami": 60, "jalapeno": 15, "black_olive": 15}, "XL"),
    Pizza("farmhouse_feast", "Farmhouse Feast", "meat", 1445, "tomato_sauce",
          {"mozzarella": 100, "fennel_sausage": 50, "pancetta": 35, "cooked_ham": 35, "mushroom": 25}, "XL"),
    Pizza("pesto_chicken", "Pesto Chicken", "meat", 1395, "pesto",
          {"mozzarella": 95, "chicken_breast": 85, "cherry_tomato": 35}),
    Pizza("calabrian_fire", "Calabrian Fire", "meat", 1395, "arrabbiata_sauce",
          {"mozzarella": 95, "nduja": 45, "red_onion": 20, "ricotta": 25}),
    Pizza("sea_breeze", "Sea Breeze", "seafood", 1395, "tomato_sauce",
          {"mozzarella": 80, "tuna": 70, "red_onion": 25, "capers": 8}),
    Pizza("prawn_pier", "Prawn Pier", "seafood", 1545, "pink_sauce",
          {"mozzarella": 80, "prawn": 75, "courgette": 30, "garlic": 4}),
    Pizza("anchovy_bay", "Anchovy Bay", "seafood", 1245, "tomato_sauce",
          {"mozzarella": 70, "anchovy": 25, "capers": 8, "black_olive": 20, "oregano": 1}),
    Pizza("salmon_cove", "Salmon Cove", "seafood", 1595, "white_sauce",
          {"mozzarella": 80, "smoked_salmon": 60, "spinach": 30, "capers": 6}),
    Pizza("aegean", "Aegean", "veggie", 1245, "tomato_sauce",
          {"mozzarella": 70, "feta": 45, "black_olive": 20, "red_onion": 20, "spinach": 20}),
    Pizza("green_hill", "Green Hill", "veggie", 1195, "pesto",
          {"mozzarella": 85, "spinach": 35, "artichoke": 35, "green_olive": 15}),
    Pizza("roast_harvest", "Roast Harvest", "veggie", 1245, "white_sauce",
          {"mozzarella": 80, "roasted_squash": 60, "goat_cheese": 30, "rosemary": 2}),
    Pizza("pear_orchard", "Pear Orchard", "veggie", 1295, "white_sauce",
          {"mozzarella": 75, "gorgonzola": 35, "pear": 45, "walnut": 15}),
    Pizza("aubergine_alley", "Aubergine Alley", "veggie", 1195, "arrabbiata_sauce",
          {"mozzarella": 80, "aubergine": 55, "parmesan": 12, "basil": 4}),
    Pizza("street_corn", "Street Corn", "veggie", 1195, "white_sauce",
          {"mozzarella": 85, "sweetcorn": 45, "jalapeno": 12, "feta": 25, "coriander": 4}),
    Pizza("pulled_beef_barn", "Pulled Beef Barn", "meat", 1495, "bbq_sauce",
          {"mozzarella": 95, "pulled_beef": 85, "green_pepper": 30, "red_onion": 20}, "XL"),
    Pizza("chorizo_plaza", "Chorizo Plaza", "meat", 1345, "tomato_sauce",
          {"mozzarella": 100, "chorizo": 60, "red_pepper": 35, "green_olive": 12}),
    Pizza("alpine", "Alpine", "meat", 1395, "white_sauce",
          {"mozzarella": 85, "pancetta": 45, "potato": 60, "rosemary": 2}),
    Pizza("prosciutto_rocket", "Prosciutto and Rocket", "meat", 1445, "tomato_sauce",
          {"mozzarella": 95, "prosciutto": 45, "rocket": 20, "parmesan": 10}),
    Pizza("sausage_market", "Sausage Market", "meat", 1295, "tomato_sauce",
          {"mozzarella": 100, "fennel_sausage": 65, "green_pepper": 30}),
    Pizza("sundown", "Sundown", "veggie", 1195, "pink_sauce",
          {"mozzarella": 85, "sun_dried_tomato": 30, "goat_cheese": 30, "spinach": 25}),
    Pizza("woodland", "Woodland", "veggie", 1195, "white_sauce",
          {"mozzarella": 85, "mushroom": 80, "smoked_scamorza": 25, "garlic": 4}),
    Pizza("three_peppers", "Three Peppers", "veggie", 1145, "tomato_sauce",
          {"mozzarella": 90, "red_pepper": 35, "green_pepper": 35, "jalapeno": 18}),
    Pizza("artichoke_yard", "Artichoke Yard", "veggie", 1245, "tomato_sauce",
          {"mozzarella": 85, "artichoke": 50, "black_olive": 18, "ricotta": 30}),
    Pizza("butchers_table", "Butcher's Table", "meat", 1545, "tomato_sauce",
          {"mozzarella": 95, "pepperoni": 40, "salami": 35, "fennel_sausage": 40, "pancetta": 25}, "XL"),
    Pizza("no_cheese_marinara", "Marinara", "classic", 895, "tomato_sauce",
          {"garlic": 6, "oregano": 2, "olive_oil": 8, "cherry_tomato": 40}),
)  # fmt: skip

# Pizzas on semolina dough; the rest stand on the classic one.
SEMOLINA = frozenset({"four_dairies", "alpine", "pear_orchard", "woodland", "roast_harvest"})
DOUGH_GRAMS = 230
SAUCE_GRAMS = 75


class Extra(NamedTuple):
    """A side or a drink, price in cents."""

    sku: str
    price: int


SIDES = (
    Extra("garlic_bread", 395),
    Extra("cheesy_garlic_bread", 495),
    Extra("dough_balls", 445),
    Extra("house_salad", 425),
    Extra("chicken_wings", 595),
    Extra("potato_wedges", 375),
    Extra("coleslaw", 225),
    Extra("chocolate_brownie", 450),
)

DRINKS = (
    Extra("cola_330", 185),
    Extra("cola_zero_330", 185),
    Extra("orange_330", 185),
    Extra("lemonade_330", 185),
    Extra("water_500", 150),
    Extra("sparkling_500", 165),
    Extra("cola_1500", 345),
    Extra("ginger_beer_275", 245),
)
