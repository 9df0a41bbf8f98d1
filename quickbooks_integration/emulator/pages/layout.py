"""The frame of every page. The look is our own: nobody shall take this for the real thing."""

from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.messages import Response
from quickbooks_integration.emulator.pages.html import Markup, document, joined, link, style, tag

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

HTML = "text/html;charset=utf-8"
HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "cache-control": "no-store",
}
NOTICE = "QuickBooks emulator: nothing here is real"
LISTS = {
    "customer": "Customers",
    "estimate": "Estimates",
    "invoice": "Invoices",
    "payment": "Payments",
    "creditmemo": "Credit memos",
    "salesreceipt": "Sales receipts",
    "refundreceipt": "Refunds",
    "deposit": "Deposits",
}
MACHINE = {
    "requests": "Requests",
    "webhooks": "Webhooks",
    "emails": "E-mails",
    "faults": "Faults",
    "clock": "Clock",
    "switches": "Switches",
}
STYLE = """
:root{--ink:#2d2433;--plum:#5d2f6b;--sand:#f6f1e7;--line:#ded3c1;--amber:#f2b544}
*{box-sizing:border-box}
body{margin:0;background:var(--sand);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
.notice{background:repeating-linear-gradient(135deg,var(--amber) 0 14px,#f5c468 14px 28px);padding:.35rem 1rem;font-weight:600}
.notice a{color:var(--ink)}
nav{background:var(--plum);padding:.2rem .6rem;display:flex;flex-wrap:wrap}
nav a{color:#fff;text-decoration:none;padding:.45rem .6rem;border-radius:4px}
nav a[aria-current]{background:#fff3;font-weight:600}
nav.machine{background:#7d5c87}
main{max-width:72rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:1.75rem 0 .5rem}
a{color:var(--plum)}
table{border-collapse:collapse;width:100%;background:#fff;border:1px solid var(--line)}
th,td{text-align:left;padding:.45rem .65rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{background:#efe6d6;font-size:.85rem;white-space:nowrap}
.money{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.15rem 1rem;margin:0;background:#fff;border:1px solid var(--line);padding:.75rem 1rem}
dt{color:#6a5d70}dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}
.panel{background:#fff;border:1px solid var(--line);padding:.75rem 1rem;margin:.5rem 0}
.row{display:flex;flex-wrap:wrap;gap:.6rem;align-items:flex-end;margin:.5rem 0}
form{margin:0}
label{display:block;margin:0 0 .6rem;max-width:34rem}
label span{display:block;font-size:.85rem;color:#6a5d70}
label.tick{display:flex;gap:.5rem;align-items:baseline}
label.tick span{font-size:1rem;color:inherit}
.row label{margin:0}
.rows{flex:1 1 100%}
.rows .row{flex-wrap:nowrap}.rows .wide{flex:1 1 auto;max-width:34rem;min-width:0}.rows .wide input[type=text]{width:100%}
input,select,textarea{font:inherit;padding:.4rem .5rem;border:1px solid #a796ad;border-radius:4px;background:#fff;max-width:100%}
input[type=text],input[type=search],input[type=email],textarea{width:100%}
.row input[type=text],.row input[type=search]{width:auto}
button{font:inherit;padding:.4rem .9rem;border:1px solid var(--plum);border-radius:4px;background:var(--plum);color:#fff;cursor:pointer}
button.quiet{background:#fff;color:var(--plum)}
button.danger{background:#fff;color:#9c1c1c;border-color:#9c1c1c}
:focus-visible{outline:3px solid var(--amber);outline-offset:1px}
summary{cursor:pointer;padding:.35rem 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--sand);padding:.5rem;margin:.3rem 0;font-size:.85rem}
.good,.bad{padding:.6rem 1rem;border-left:5px solid #3c6e8f;background:#e4eff6;margin:0 0 1rem}
.bad{border-color:#9c1c1c;background:#fbe5e5}
.whole{white-space:nowrap}
.state{display:inline-block;padding:0 .5rem;border-radius:9px;background:#efe6d6;font-size:.85rem;white-space:nowrap}
.empty,small{color:#6a5d70}
@media(max-width:640px){
main{padding:.75rem}
thead{display:none}
table,tbody,tr,td{display:block;width:100%}
tr{border-bottom:3px solid var(--line);padding:.35rem 0}
td{border:0;padding:.15rem .75rem;display:grid;grid-template-columns:6.5rem minmax(0,1fr);gap:0 .75rem}
td::before{content:attr(data-label);color:#6a5d70;font-size:.85rem}
td>*{grid-column:2;justify-self:start;min-width:0;max-width:100%}
.money{text-align:left}
td:empty{display:none}
.rows .row{flex-wrap:wrap;border-bottom:1px solid var(--line);padding-bottom:.6rem}.rows .wide{flex-basis:100%}
nav a{padding:.25rem .5rem}
dl{grid-template-columns:6.5rem 1fr;gap:.15rem .75rem;padding:.75rem}dt{font-size:.85rem}
}
"""


def page(
    world: "World",
    title: str,
    *content: Any,
    realm: str = "",
    here: str = "",
    banner: Any = "",
    refresh: int = 0,
    status: int = 200,
) -> Response:
    """`here` is the part of the navigation that is open; `refresh` reloads the page after so many seconds."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", http_equiv="refresh", content=str(refresh)) if refresh else "",
        tag("title", f"{title} | QuickBooks emulator"),
        style(STYLE),
    )
    main = tag("main", tag("h1", title), banner, *content)
    body = tag("body", tag("div", link("/", NOTICE), class_="notice"), _navigation(world, realm, here), main)
    return Response(status, document(head, body), HTML, dict(HEADERS))


def said(text: str) -> Markup:
    return tag("p", text, class_="good", role="status")


def refused(text: str) -> Markup:
    return tag("p", text, class_="bad", role="alert")


def _navigation(world: "World", realm: str, here: str) -> Markup:
    """A company's lists, and what belongs to the machine. With one company alone its lists are always there."""
    if not realm and len(world.companies) == 1:
        realm = next(iter(world.companies))
    lists = [_entry(f"/companies/{realm}/{name}", title, name == here) for name, title in LISTS.items()]
    home = _entry(f"/companies/{realm}", world.companies[realm].name, here == "company") if realm else ""
    machine = [_entry(f"/{name}", title, name == here) for name, title in MACHINE.items()]
    office = tag("nav", home, *lists, aria_label="Company") if realm else ""
    return joined((office, tag("nav", *machine, class_="machine", aria_label="Emulator")))


def _entry(target: str, title: str, current: bool) -> Markup:
    return link(target, title, aria_current="page" if current else None)
