from tests.attackacrack.conftest import data, place  # noqa: F401
from tests.attackacrack.test_demo import environment  # noqa: F401
