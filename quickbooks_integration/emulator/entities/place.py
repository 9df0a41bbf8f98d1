"""Where in a request a value stands, and the problems found so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from quickbooks_integration.emulator.errors import Problem, ServiceFault, refusal
from quickbooks_integration.emulator.switches import Switches


@dataclass
class Place:
    class_name: str
    switches: Switches
    element: str = ""
    problems: list[Problem] = field(default_factory=list)

    def inside(self, element: str, class_name: str = "") -> "Place":
        return Place(class_name or self.class_name, self.switches, element, self.problems)

    def add(self, code: str, detail: str) -> None:
        self.problems.append(Problem(code, detail, self.element))

    def unreadable(self, wanted: str, value: Any) -> ServiceFault:
        return refusal(
            "2300", f"ObjectParserError: {self.element} should be {wanted}, not {str(value)[:100]}", self.element
        )

    def unknown(self, known: Iterable[str]) -> None:
        """Refuse an unknown field in the words of the server's JSON reader, unless they are ignored."""
        if self.switches.unknown_fields == "ignore":
            return
        names = sorted(known)
        raise refusal(
            "2010",
            f'Property Name:Unrecognized field "{self.element}" (class com.intuit.schema.finance.v3.{self.class_name}), '
            f"not marked as ignorable ({len(names)} known properties: {', '.join(names[:25])}) "
            "specified is unsupported or invalid",
            self.element,
        )

    def settle(self) -> None:
        """Raise all problems as one fault."""
        if self.problems:
            raise ServiceFault(*self.problems)
