// What a file of cases says them with. A case is a name, a request and what has to come back:
//
//     const { rows, refused, answers } = suite("select");
//     rows("one column", (db) => db.from("skills").select("name").limit(1), [{ name: "navigation" }]);
//
// The request is given the client and, for what the client cannot send, get(path, headers, method, body). What it
// returns is awaited. Expectations come from PostgREST's documentation, source and tests, and from
// docs/, never from an answer.
//
// A case of a server in WRITERS begins with the rows of schema.sql and write_schema.sql, whatever others did, and can say
// what is there afterwards: a read, and its rows. A refusal must leave everything as it was.
import assert from "node:assert/strict";
import { PostgrestClient } from "@supabase/postgrest-js";

export const cases = [];
export const WRITERS = ["write", "override", "unfiltered"];

// suite(AREA, SERVER): the cases of an area, against a server of tests/http/test_postgrest_js.py. With a REASON they
// are known not to hold yet.
export function suite(area, server = "plain", reason = undefined) {
  const add = (name, request, wanted, read, after) => cases.push({ area, server, name, request, wanted, read, after, reason });
  return {
    // These rows (or this object, this text), with 200.
    rows: (name, request, data, ...after) => add(name, request, { status: 200, error: null, data }, ...after),
    // The same with 201: what was created.
    created: (name, request, data, ...after) => add(name, request, { status: 201, error: null, data }, ...after),
    // Nothing to read but the status.
    silent: (name, request, status, ...after) => add(name, request, { status, error: null, data: null, text: "" }, ...after),
    // An error: its status, and those of code, message, details and hint that are given. A regular
    // expression has to match.
    refused: (name, request, status, error) => add(name, request, { status, data: null, error, unchanged: true }),
    // Any of status, data, count, error, text (exact bytes), headers (null: absent), url (what was asked), and unchanged:
    // no row of the database is another than before.
    answers: (name, request, wanted, ...after) => add(name, request, wanted, ...after),
  };
}

// A request by hand: what is no text is sent as JSON.
export const send = (method, path, body, headers = {}) => (db, get) =>
  get(path, { "Content-Type": "application/json", ...headers }, method, typeof body === "string" ? body : JSON.stringify(body));
export const shown = { Prefer: "return=representation" };

// The client and get() for one case; seen is filled with what came over the wire.
function connect(base, seen) {
  const record = async (url, options) => {
    const response = await fetch(url, options);
    const text = await response.text();
    Object.assign(seen, { url: decodeURIComponent(url), headers: response.headers, text, status: response.status });
    const empty = [204, 205, 304].includes(response.status);
    return new Response(empty ? null : text, response);
  };
  const db = new PostgrestClient(`${base}/api`, { fetch: record, retry: false });
  const get = async (path, headers = {}, method = "GET", body = undefined) => {
    await record(`${base}/api${path}`, { method, headers, body });
    const isJson = /json/.test(seen.headers.get("content-type")) && seen.text !== "";
    const parsed = isJson && !/x-ndjson/.test(seen.headers.get("content-type")) ? JSON.parse(seen.text) : seen.text;
    const ok = seen.status < 300;
    const data = ok && seen.text !== "" ? parsed : null;
    return { status: seen.status, data, error: ok ? null : parsed, count: null, seen: { ...seen } };
  };
  return { db, get };
}

// got is what wanted says, which may leave out members of objects where loose is set.
function compare(what, got, wanted, loose) {
  if (wanted instanceof RegExp) assert.match(String(got), wanted, what);
  else if (loose && wanted !== null && typeof wanted === "object" && !Array.isArray(wanted)) {
    assert.ok(got !== null && typeof got === "object", `${what} is ${JSON.stringify(got)}`);
    for (const [key, value] of Object.entries(wanted)) compare(`${what}.${key}`, got[key], value, true);
  } else assert.deepEqual(got, wanted, what);
}

function compareAll(result, seen, wanted) {
  for (const member of ["error", "status", "data", "count"]) {
    if (member in wanted) compare(member, result[member], wanted[member], member === "error");
  }
  if ("text" in wanted) compare("text", seen.text, wanted.text);
  if ("url" in wanted) compare("url", seen.url, wanted.url);
  for (const [name, value] of Object.entries(wanted.headers ?? {})) {
    compare(`header ${name}`, seen.headers.get(name), value);
  }
}

// Who keeps the databases: POST makes one as it was in the beginning, GET looks; both say a sum over all of its rows.
const keeper = async (bases, server, method) => {
  const response = await fetch(`${bases.keeper}/${server}`, { method });
  assert.equal(response.status, 200, "the keeper of the databases");
  return response.text();
};

// Run one case against the servers' addresses; throws if it does not hold.
export async function run({ server, request, wanted, read, after }, bases) {
  const seen = {};
  const { db, get } = connect(bases[server], seen);
  const isKept = WRITERS.includes(server) && bases.keeper !== undefined;
  const before = isKept ? await keeper(bases, server, "POST") : null;
  const result = await request(db, get);
  try {
    compareAll(result, seen, wanted);
    if (isKept && wanted.unchanged) assert.equal(await keeper(bases, server, "GET"), before, "something was written");
    if (read !== undefined) compareAll(await read(db, get), seen, { error: null, data: after });
  } catch (error) {
    error.message += `\n    ${seen.url}\n    ${seen.status} ${seen.text?.slice(0, 1000)}`;
    throw error;
  }
}
