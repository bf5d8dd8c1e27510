// What a file of cases says them with. A case is a name, a request and what has to come back:
//
//     const { rows, refused, answers } = suite("select");
//     rows("one column", (db) => db.from("skills").select("name").limit(1), [{ name: "navigation" }]);
//
// The request is given the client and, for what the client cannot send, get(path, headers, method). What it
// returns is awaited. Expectations come from PostgREST's documentation, source and tests, and from
// docs/, never from an answer.
import assert from "node:assert/strict";
import { PostgrestClient } from "@supabase/postgrest-js";

export const cases = [];

// suite(AREA, SERVER): the cases of an area, against "plain", "aggregates" or "unbounded". With a REASON they
// are known not to hold yet.
export function suite(area, server = "plain", reason = undefined) {
  const add = (name, request, wanted) => cases.push({ area, server, name, request, wanted, reason });
  return {
    // These rows (or this object, this text), with 200.
    rows: (name, request, data) => add(name, request, { status: 200, error: null, data }),
    // An error: its status, and those of code, message, details and hint that are given. A regular
    // expression has to match.
    refused: (name, request, status, error) => add(name, request, { status, data: null, error }),
    // Any of status, data, count, error, text (exact bytes), headers (null: absent), url (what was asked).
    answers: (name, request, wanted) => add(name, request, wanted),
  };
}

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
    return { status: seen.status, data: ok ? parsed : null, error: ok ? null : parsed, count: null, seen: { ...seen } };
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

// Run one case against the servers' addresses; throws if it does not hold.
export async function run({ server, request, wanted }, bases) {
  const seen = {};
  const { db, get } = connect(bases[server], seen);
  const result = await request(db, get);
  try {
    for (const member of ["error", "status", "data", "count"]) {
      if (member in wanted) compare(member, result[member], wanted[member], member === "error");
    }
    if ("text" in wanted) compare("text", seen.text, wanted.text);
    if ("url" in wanted) compare("url", seen.url, wanted.url);
    for (const [name, value] of Object.entries(wanted.headers ?? {})) {
      compare(`header ${name}`, seen.headers.get(name), value);
    }
  } catch (error) {
    error.message += `\n    ${seen.url}\n    ${seen.status} ${seen.text?.slice(0, 1000)}`;
    throw error;
  }
}
