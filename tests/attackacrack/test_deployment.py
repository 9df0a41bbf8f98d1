"""compose.yaml, Procfile and .env.example tell of the same programs and settings."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMPOSE = (CHECKOUT / "compose.yaml").read_text()
SET_BY_DOCKER = {"POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "DATABASE_URL", "DATA_DIR", "DJANGO_ENV"}


def commands(text: str, line: str) -> dict[str, set[str]]:
    """What each process is told, by its name, without addresses and numbers."""
    found = dict(re.findall(line, text))
    return {name: set(re.findall(r"(?<=\s)-[-\w]+|\w+\.\w+|(?<=-Q )\w+", told)) for name, told in found.items()}


def test_every_process_of_the_demo_has_its_service_with_the_same_options():
    demo = commands((CHECKOUT / "Procfile").read_text(), r"(?m)^(\w+): exec (.+)$")
    service = commands(COMPOSE, r"(?m)^  (\w+):(?: &\w+)?\n(?:    .*\n)*?    command: (.+)$")
    for name in ("worker", "people", "beat"):
        assert service[name] == demo[name] - {"-q"}
    assert service["web"] >= demo["web"] - {"--log-level"} - {word for word in demo["web"] if "." in word}
    assert set(demo) - set(service) == {"emulator", "openphone"}


def test_the_settings_that_docker_and_the_guide_name_exist():
    known = set(re.findall(r"(?m)^# ([A-Z_]+)=", (CHECKOUT / ".env.example").read_text()))
    named = set(re.findall(r"(?m)^    ([A-Z_]+):", COMPOSE)) | set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    named |= set(re.findall(r"`([A-Z]+_[A-Z_]+)[=`]", (CHECKOUT / "docs/deployment.md").read_text()))
    assert named - known - SET_BY_DOCKER == set()


def test_both_web_servers_are_behind_the_front_server_and_can_see_the_backups():
    guide = (CHECKOUT / "docs/deployment.md").read_text()
    ports = set(re.findall(r'ports: \["127\.0\.0\.1:(\d+):8000"\]', COMPOSE))
    assert ports == {"8000", "8001"}
    assert all(f"127.0.0.1:{port}" in guide for port in ports)
    assert COMPOSE.count("volumes: [backups:/backups]") == 2
