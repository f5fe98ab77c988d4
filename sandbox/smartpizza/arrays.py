"""Names for the arrays that the simulation works on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
# Milliseconds since 1970, UTC.
Instants = NDArray[np.int64]
# Row numbers as they are kept in an index.
Rows = NDArray[np.int64] | NDArray[np.int32]
Sortable = NDArray[Any]
