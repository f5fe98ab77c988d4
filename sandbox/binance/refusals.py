"""What the API says when it refuses: a number and a sentence, spelt as in its list of errors."""

import msgspec


class RefusedError(Exception):
    """A request that the API refuses with this status, code and sentence."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body = msgspec.json.encode({"code": code, "msg": message})


def illegal(name: str, pattern: str) -> RefusedError:
    return RefusedError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'.")


def missing(name: str) -> RefusedError:
    return RefusedError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def empty(name: str) -> RefusedError:
    return RefusedError(-1105, f"Parameter '{name}' was empty.")


def invalid(name: str) -> RefusedError:
    return RefusedError(-1130, f"Data sent for parameter '{name}' is not valid.")


BAD_INTERVAL = (-1120, "Invalid interval.")
BAD_SYMBOL = (-1121, "Invalid symbol.")
BAD_STATUS = (-1122, "Invalid symbolStatus.")
BAD_COMBINATION = (-1128, "Combination of optional parameters invalid.")
BAD_TICKER_TYPE = (-1139, "Invalid ticker type.")
DUPLICATE_SYMBOLS = (-1151, "Symbol is present multiple times in the list.")
BAD_TIME_UNIT = (-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
OTHER_STATUS = (-1220, "The symbol's status does not match the requested symbolStatus.")
