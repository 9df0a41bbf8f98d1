// A small client of the accounting API in Node, without any library. Prints what it saw as one JSON object.
// node node_client.mjs http://127.0.0.1:8081 CLIENT_ID CLIENT_SECRET

import assert from "node:assert/strict";

const [base, clientId, clientSecret] = process.argv.slice(2);
const redirectUri = "http://localhost:3000/callback";
const basic = "Basic " + Buffer.from(`${clientId}:${clientSecret}`).toString("base64");

async function signIn() {
  const discovery = await (await fetch(`${base}/.well-known/openid_sandbox_configuration`)).json();
  const asked = new URLSearchParams({
    client_id: clientId,
    response_type: "code",
    scope: "com.intuit.quickbooks.accounting",
    redirect_uri: redirectUri,
    state: "state-1",
  });
  const page = await fetch(`${discovery.authorization_endpoint}?${asked}`);
  assert.equal(page.status, 200);
  asked.set("realm", /name="realm" value="(\d+)"/.exec(await page.text())[1]);
  asked.set("decision", "connect");
  const consent = await fetch(discovery.authorization_endpoint, { method: "POST", body: asked, redirect: "manual" });
  assert.equal(consent.status, 302);
  const back = new URL(consent.headers.get("location"));
  assert.equal(back.searchParams.get("state"), "state-1");
  const tokens = await exchange(discovery, {
    grant_type: "authorization_code",
    code: back.searchParams.get("code"),
    redirect_uri: redirectUri,
  });
  const renewed = await exchange(discovery, { grant_type: "refresh_token", refresh_token: tokens.refresh_token });
  return { realm: back.searchParams.get("realmId"), token: renewed.access_token };
}

async function exchange(discovery, form) {
  const answer = await fetch(discovery.token_endpoint, {
    method: "POST",
    headers: { Authorization: basic, Accept: "application/json" },
    body: new URLSearchParams(form),
  });
  assert.equal(answer.status, 200);
  return answer.json();
}

const { realm, token } = await signIn();
const headers = { Authorization: `Bearer ${token}`, Accept: "application/json", "Content-Type": "application/json" };
const call = async (path, body) => {
  const address = `${base}/v3/company/${realm}/${path}`;
  const answer = await fetch(address, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  return { status: answer.status, tid: answer.headers.get("intuit_tid"), body: await answer.json() };
};

const created = await call("customer?minorversion=75", { DisplayName: "Zoë O'Brien", GivenName: "Zoë" });
const statement = "SELECT * FROM Customer WHERE DisplayName = 'Zoë O\\'Brien'";
const found = await call(`query?query=${encodeURIComponent(statement)}`);
const twice = await call("customer", { DisplayName: "Zoë O'Brien" });
const stale = await call("customer", { Id: created.body.Customer.Id, SyncToken: "9", sparse: true, Notes: "n" });
const unsigned = await fetch(`${base}/v3/company/${realm}/customer/1`, { headers: { Accept: "application/json" } });

console.log(
  JSON.stringify({
    created: created.body.Customer,
    hasTid: Boolean(created.tid),
    found: found.body.QueryResponse.Customer.map((customer) => customer.Id),
    twice: [twice.status, twice.body.Fault.Error[0].code, twice.body.Fault.type],
    stale: [stale.status, stale.body.Fault.Error[0].code],
    unsigned: [unsigned.status, (await unsigned.json()).fault.error[0].code],
  }),
);
