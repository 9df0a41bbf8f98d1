"""One running emulator, as tests and the command use it."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from quickbooks_integration.emulator import control, snapshot, stress
from quickbooks_integration.emulator.application import Application
from quickbooks_integration.emulator.bookkeeper import Bookkeeper
from quickbooks_integration.emulator.clock import Clock
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.faults import Faults
from quickbooks_integration.emulator.limits import Limits
from quickbooks_integration.emulator.loading import Documents, documents_of, load
from quickbooks_integration.emulator.oauth.grants import App
from quickbooks_integration.emulator.outbox import Outbox
from quickbooks_integration.emulator.server import Server
from quickbooks_integration.emulator.switches import Switches
from quickbooks_integration.emulator.webhooks.webhooks import Webhooks
from quickbooks_integration.emulator.world import RequestLog, World

CLIENT_ID = "ABemulatorclient0000000000000000000000000000000000"
CLIENT_SECRET = "emulator-client-secret"


class Emulator:
    """A server with one company, listening until `stop`. See the package's docstring for what it offers."""

    def __init__(
        self,
        company: str | Path | Documents = "empty",
        *,
        realm: str = "",
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        app_name: str = "Test app",
        redirect_uris: tuple[str, ...] = (),
        access_token: str = "",
        limits: bool = True,
        switches: Mapping[str, Any] | None = None,
        state: str | Path | None = None,
        customers: int = 0,
        invoices: int = 0,
        payments: int = 0,
        webhook: str = "",
        verifier_token: str = "",
        remote_webhook: bool = False,
    ) -> None:
        self.world = World(seed, limited=limits)
        self.world.webhooks.remote_allowed = remote_webhook
        self._host, self._port = host, port
        self._server: Server | None = None
        self._state = snapshot.StateFile(Path(state), self.world) if state else None
        if not (self._state and self._state.load()):
            self._open(company, realm, (customers, invoices, payments))
        for name, value in (switches or {}).items():
            self.world.switches.set(name, value)
        self.client_id, self.client_secret = client_id, client_secret
        self.world.grants.add_app(App(client_id, client_secret, app_name, list(redirect_uris)))
        if access_token:
            self.world.grants.fixed_tokens.add(access_token)
        if webhook:
            self.world.webhooks.configure(webhook, verifier_token, client_id=client_id)

    def _open(self, chosen: str | Path | Documents, realm: str, plain: tuple[int, int, int]) -> None:
        world = self.world
        company = world.new_company(realm)
        load(company, *documents_of(chosen, world.seed, world.clock.today()))
        stress.add(company, *plain, seed=world.seed)
        world.open_company(company)

    # Running

    def start(self) -> "Emulator":
        self._server = Server(Application(self.world), self._host, self._port)
        self.world.url = self._server.url
        self._server.start()
        self.world.webhooks.start()
        if self._state:
            self._state.save()
            self._state.start()
        return self

    def stop(self) -> None:
        """Stop serving and save the state; may be called twice."""
        server, self._server = self._server, None
        if server is None:
            return
        self.world.stopping.set()
        server.stop()
        self.world.webhooks.stop()
        if self._state:
            self._state.stop()

    def __enter__(self) -> "Emulator":
        return self.start()

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Looking and acting

    @property
    def url(self) -> str:
        """The base address, for example http://127.0.0.1:40321, without a slash at the end."""
        return self.world.url

    @property
    def realm(self) -> str:
        """The realm id of the first company."""
        return next(iter(self.world.companies))

    def company(self, realm: str = "") -> Company:
        return self.world.companies[realm or self.realm]

    def bookkeeper(self, realm: str = "") -> Bookkeeper:
        """Acts as the person in the office; changes made this way look to clients like those made in QuickBooks."""
        return Bookkeeper(self.company(realm), self.world.grants)

    def add_company(self, company: str | Path | Documents = "empty", realm: str = "") -> str:
        """Open one more company. Returns its realm id."""
        added = self.world.new_company(realm)
        load(added, *documents_of(company, self.world.seed, self.world.clock.today()))
        self.world.open_company(added)
        return added.realm

    def connect(self, realm: str = "") -> dict[str, Any]:
        """Tokens as after the consent page, in the form of the token endpoint's answer."""
        return control.connect(self.world, realm or self.realm, self.client_id)

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def switches(self) -> Switches:
        return self.world.switches

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def limits(self) -> Limits:
        return self.world.limits

    @property
    def webhooks(self) -> Webhooks:
        return self.world.webhooks

    @property
    def outbox(self) -> Outbox:
        """The e-mails that were "sent"."""
        return self.world.outbox

    @property
    def requests(self) -> RequestLog:
        return self.world.requests
