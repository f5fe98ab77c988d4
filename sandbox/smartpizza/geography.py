"""The cities that have branches; regions take turns, so that few branches cover all of them."""

from typing import NamedTuple


class City(NamedTuple):
    """Where a branch stands. Tax in hundredths of a percent; prices in percent of the menu's."""

    region: str
    country: str
    name: str
    timezone: str
    currency: str
    tax: int
    prices: int
    dial: str


CITIES = (
    City("eu", "DE", "Berlin", "Europe/Berlin", "EUR", 700, 100, "+49"),
    City("na", "US", "New York", "America/New_York", "USD", 888, 120, "+1"),
    City("apac", "AU", "Sydney", "Australia/Sydney", "AUD", 1000, 160, "+61"),
    City("eu", "GB", "London", "Europe/London", "GBP", 2000, 90, "+44"),
    City("na", "CA", "Toronto", "America/Toronto", "CAD", 1300, 150, "+1"),
    City("apac", "SG", "Singapore", "Asia/Singapore", "SGD", 900, 145, "+65"),
    City("eu", "FR", "Paris", "Europe/Paris", "EUR", 1000, 105, "+33"),
    City("na", "US", "Chicago", "America/Chicago", "USD", 1025, 110, "+1"),
    City("apac", "NZ", "Auckland", "Pacific/Auckland", "NZD", 1500, 170, "+64"),
    City("eu", "IT", "Milan", "Europe/Rome", "EUR", 1000, 95, "+39"),
    City("na", "US", "Phoenix", "America/Phoenix", "USD", 860, 105, "+1"),
    City("apac", "AU", "Perth", "Australia/Perth", "AUD", 1000, 155, "+61"),
    City("eu", "PL", "Warsaw", "Europe/Warsaw", "PLN", 800, 380, "+48"),
    City("na", "US", "Los Angeles", "America/Los_Angeles", "USD", 950, 125, "+1"),
    City("apac", "AU", "Brisbane", "Australia/Brisbane", "AUD", 1000, 150, "+61"),
    City("eu", "IE", "Dublin", "Europe/Dublin", "EUR", 1350, 110, "+353"),
    City("na", "CA", "Vancouver", "America/Vancouver", "CAD", 500, 150, "+1"),
    City("apac", "IN", "Mumbai", "Asia/Kolkata", "INR", 500, 5500, "+91"),
    City("eu", "ES", "Madrid", "Europe/Madrid", "EUR", 1000, 90, "+34"),
    City("na", "US", "Denver", "America/Denver", "USD", 881, 110, "+1"),
    City("apac", "HK", "Hong Kong", "Asia/Hong_Kong", "HKD", 0, 800, "+852"),
    City("eu", "PT", "Lisbon", "Europe/Lisbon", "EUR", 1300, 80, "+351"),
    City("na", "MX", "Mexico City", "America/Mexico_City", "MXN", 1600, 1500, "+52"),
)

REGIONS = ("eu", "na", "apac")
