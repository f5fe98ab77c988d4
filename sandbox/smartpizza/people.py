"""Names and streets of invented people."""

_FIRST_NAMES = """
    Ada Alejandro Amara Anders Beatriz Bruno Carys Chiara Dalia Dmitri Eilidh Emeka Farid Fiona Giulia
    Goran Hana Henrik Ines Ivo Jolana Jun Kaia Kofi Leila Lorenzo Magda Mateo Nadia Nils Oksana Owen
    Priya Quentin Rania Rune Saoirse Stefan Tamsin Tariq Uma Viktor Wanda Xavier Yara Yusuf Zofia Zane
"""
FIRST_NAMES = tuple(_FIRST_NAMES.split())

_LAST_NAMES = """
    Abbott Almeida Andersen Bakker Bellini Castellano Chowdhury Dubois Dvorak Eklund Ferreira Fischer
    Gallagher Garcia Haddad Holm Ibrahim Ivanova Jansen Kaur Kowalski Laurent Lindqvist Marchetti Mbeki
    Nakamura Novak Okafor Olsen Petrov Quispe Ramirez Rossi Schneider Silva Takahashi Tanaka Ullman
    Vargas Wagner Weiss Xu Yilmaz Zeman
"""
LAST_NAMES = tuple(_LAST_NAMES.split())

STREETS = (
    "Baker's Row",
    "Canal Side",
    "Castle Lane",
    "Chestnut Avenue",
    "Church Walk",
    "Dock Road",
    "Elm Street",
    "Foundry Yard",
    "Garden Terrace",
    "Harbour View",
    "High Street",
    "Kiln Lane",
    "Lime Grove",
    "Market Square",
    "Mill Road",
    "Orchard Close",
    "Park Parade",
    "Quarry Hill",
    "Station Road",
    "Tower Street",
    "Vine Court",
    "Weir Path",
)
