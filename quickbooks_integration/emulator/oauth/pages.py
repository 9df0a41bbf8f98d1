"""The pages that a person sees while connecting. Plain HTML, usable without JavaScript and on a phone."""

from collections.abc import Mapping, Sequence
from html import escape

STYLE = """
body{margin:0;background:#f6f1e7;color:#393a3d;font:16px/1.5 system-ui,sans-serif}
main{max-width:30rem;margin:8vh auto;padding:2rem;background:#fff;border-radius:12px;box-shadow:0 2px 12px #0002}
h1{font-size:1.4rem;line-height:1.3;margin:0 0 1rem}
.mark{color:#5d2f6b;font-weight:700;margin:0 0 1.5rem}
fieldset{border:1px solid #d4d7dc;border-radius:8px;margin:0 0 1.5rem;padding:.75rem 1rem}
legend{padding:0 .4rem;color:#6b6c72}
label{display:block;padding:.3rem 0}
ul{padding-left:1.2rem}
button{font:inherit;font-weight:600;padding:.6rem 1.6rem;border-radius:6px;border:2px solid #5d2f6b;cursor:pointer}
button[value=connect]{background:#5d2f6b;color:#fff}
button[value=cancel]{background:#fff;color:#5d2f6b;margin-left:.5rem}
small{color:#6b6c72}
"""


def page(title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><main><p class="mark">QuickBooks emulator: nothing here is real</p>{body}</main></body></html>'
    ).encode()


def consent(app_name: str, companies: Sequence[tuple[str, str]], fields: Mapping[str, str]) -> bytes:
    """Ask whether the app may use a company; `companies` are pairs of realm and name, `fields` come back on submit."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    body = f"""
<h1>Connect {escape(app_name)} to {escape(companies[0][1]) if len(companies) == 1 else "one of your companies"}?</h1>
<p>{escape(app_name)} will be able to:</p>
<ul><li>read customers, products, estimates, invoices and payments</li><li>add and change them</li></ul>
<form method="post" action="/connect/oauth2">{hidden}{_picker(companies)}
<button name="decision" value="connect">Connect</button><button name="decision" value="cancel">Cancel</button></form>
<p><small>This is a test system. No real books are touched.</small></p>"""
    return page(f"Connect {app_name}", body)


def _picker(companies: Sequence[tuple[str, str]]) -> str:
    if len(companies) == 1:
        realm, name = companies[0]
        return (
            f'<input type="hidden" name="realm" value="{escape(realm)}">'
            f"<fieldset><legend>Company</legend>{escape(name)}</fieldset>"
        )
    options = "".join(
        f'<label><input type="radio" name="realm" value="{escape(realm)}"{" checked" if place == 0 else ""}> '
        f"{escape(name)} <small>{escape(realm)}</small></label>"
        for place, (realm, name) in enumerate(companies)
    )
    return f"<fieldset><legend>Which company?</legend>{options}</fieldset>"


def refused(reason: str) -> bytes:
    """For requests that can't be sent back to the app, because it is not known where that is."""
    body = f"<h1>This app can't be connected</h1><p>{escape(reason)}</p><p>Close this page and start again from the app.</p>"
    return page("Can't connect", body)
