"""The command line: `manage.py quickbooks_emulator ...` or `python -m quickbooks_integration.emulator ...`."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from quickbooks_integration.emulator.emulator import CLIENT_ID, CLIENT_SECRET, Emulator
from quickbooks_integration.emulator.loading import LoadingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, help="port to listen on, 0 to choose a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--company", default="craig", help="craig, sample, empty, or a JSON file with arrays of entities"
    )
    parser.add_argument("--realm", default="", help="realm id of the company")
    parser.add_argument("--access-token", default="", help="a bearer token that is always valid")
    parser.add_argument("--client-id", default=CLIENT_ID, help="id of the app that may connect")
    parser.add_argument("--client-secret", default=CLIENT_SECRET, help="its secret")
    parser.add_argument("--app-name", default="Test app", help="its name on the consent page")
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="a registered redirect URI; may be repeated"
    )
    parser.add_argument("--auto-approve", action="store_true", help="connect without showing the consent page")
    parser.add_argument("--webhook", default="", help="address that is told of changes")
    parser.add_argument("--verifier-token", default="", help="key of the webhook signature")
    parser.add_argument("--remote-webhook", action="store_true", help="that address may be on another machine")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    parser.add_argument("--customers", type=int, default=0, help="add this many plain customers")
    parser.add_argument("--invoices", type=int, default=0, help="add this many plain invoices")
    parser.add_argument("--payments", type=int, default=0, help="add this many payments of open invoices")
    parser.add_argument("--state", default="", help="file to keep the state in, also across restarts")
    parser.add_argument("--no-limits", action="store_true", help="no rate limits")
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="choose what public sources leave open; may be repeated",
    )


def serve(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        emulator = started(options)
    except (LoadingError, ValueError, OSError) as error:
        print(f"The emulator can't start. {error}", file=sys.stderr)
        return 2
    print(emulator.url, flush=True)
    stop.wait()
    emulator.stop()
    return 0


def started(options: argparse.Namespace) -> Emulator:
    switches: dict[str, object] = dict(_pair(text) for text in options.switch)
    if options.auto_approve:
        switches["auto_approve"] = True
    return Emulator(
        options.company,
        realm=options.realm,
        seed=options.seed,
        host=options.host,
        port=options.port,
        client_id=options.client_id,
        client_secret=options.client_secret,
        app_name=options.app_name,
        redirect_uris=tuple(options.redirect_uri),
        access_token=options.access_token,
        limits=not options.no_limits,
        switches=switches,
        state=options.state or None,
        customers=options.customers,
        invoices=options.invoices,
        payments=options.payments,
        webhook=options.webhook,
        verifier_token=options.verifier_token,
        remote_webhook=options.remote_webhook,
    ).start()


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="quickbooks_emulator", description="QuickBooks Online for tests and demos.")
    add_arguments(parser)
    return serve(parser.parse_args(arguments))
