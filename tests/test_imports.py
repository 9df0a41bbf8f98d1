"""The direction of imports, held by import-linter (pyproject.toml) and, for the emulator, by name."""

import ast
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
EMULATOR = "quickbooks_integration.emulator"


def test_every_import_contract_is_kept():
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_emulator_imports_only_itself_and_the_standard_library():
    foreign = {
        f"{source.relative_to(CHECKOUT)}: {module}"
        for source in (CHECKOUT / EMULATOR.replace(".", "/")).rglob("*.py")
        for module in imported_modules(source)
        if module.split(".")[0] not in sys.stdlib_module_names and not f"{module}.".startswith(f"{EMULATOR}.")
    }

    assert foreign == set()


def imported_modules(source: Path) -> set[str]:
    """Absolute names; a relative import of more than the emulator's own depth would be an error in Python too."""
    package = source.relative_to(CHECKOUT).with_suffix("").parts[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            found.add(".".join([*parents, *filter(None, [node.module])]))
    return found
