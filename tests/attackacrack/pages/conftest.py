from tests.people import (  # noqa: F401
    bookkeeper,
    bookkeeper_client,
    marketer,
    marketer_client,
    office,
    office_client,
    technician,
)
