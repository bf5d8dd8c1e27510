// PUT: one row, by its key. The client has no word for it.
import { suite, send, shown } from "../suite.mjs";

const { rows, created, silent, refused, answers } = suite("put", "write");
const put = (path, body, headers) => send("PUT", path, body, headers);
const one = (id) => (db) => db.from("members").select().eq("id", id);
const wrongFilters = { code: "PGRST105", message: "Filters must include all and only primary key columns with 'eq' operators", details: null, hint: null };
const wrongKey = { code: "PGRST115", message: "Payload values do not match URL in primary key column(s)", details: null, hint: null };
const noLimits = { code: "PGRST114", message: "limit/offset querystring parameters are not allowed for PUT", details: null, hint: null };

answers("a new row", put("/members?id=eq.9", { id: 9, email: "i@port" }), {
  status: 204, text: "", headers: { "content-type": null, location: null, "preference-applied": null },
}, one(9), [{ id: 9, email: "i@port", club: null, number: null, name: null }]);
answers("a new row, shown", put("/members?id=eq.9&select=id,email", [{ id: 9, email: "i@port" }], shown), {
  status: 201, data: [{ id: 9, email: "i@port" }], headers: { "content-type": "application/json; charset=utf-8", "preference-applied": "return=representation" },
});
silent("an old row", put("/members?id=eq.1", { id: 1, email: "ada@sea", club: "sea", number: 7, name: "A" }), 204, one(1), [
  { id: 1, email: "ada@sea", club: "sea", number: 7, name: "A" },
]);
rows("an old row, shown", put("/signals?code=eq.A", { code: "A" }, shown), [{ code: "A" }]);
rows("of an old row, what is not sent stays", put("/members?id=eq.1", { id: 1, email: "ada@sea" }, shown), [{ id: 1, email: "ada@sea", club: "rowing", number: 1, name: "Ada" }]);
answers("return=minimal", put("/members?id=eq.1", { id: 1, email: "ada@sea" }, { Prefer: "return=minimal" }), {
  status: 204, text: "", headers: { "content-type": null, "preference-applied": "return=minimal" },
});
created("a key of two columns", put("/slots?bay=eq.3&row=eq.z", { bay: 3, row: "z", note: "n" }, shown), [{ bay: 3, row: "z", note: "n" }]);
rows("a key of two columns, in another order", put("/slots?row=eq.x&bay=eq.1", { note: "n", row: "x", bay: 1 }, shown), [{ bay: 1, row: "x", note: "n" }]);
created("nothing but a key", put("/signals?code=eq.Q", { code: "Q" }, shown), [{ code: "Q" }]);
created("without a rowid, computed columns", put("/tariffs?code=eq.C", { code: "C", net: 4 }, shown), [{ code: "C", net: 4, vat: 1, gross: 5 }]);
created("a key as text", put("/members?id=eq.9&select=id", { id: "9", email: "i@port" }, shown), [{ id: 9 }]);
created("names that want quotes", put(`/${encodeURIComponent("odd keys")}?${encodeURIComponent("a b")}=eq.x&${encodeURIComponent("größe")}=eq.2`, { "a b": "x", "größe": 2 }, shown), [{ "a b": "x", "größe": 2, v: null }]);
rows("with embeds, ordered", put("/convoys?id=eq.1&select=name,ships(name)&ships.order=name", { id: 1, name: "N" }, shown), [{ name: "N", ships: [{ name: "Ever Given" }, { name: "Maersk Ohio" }] }]);
answers("an object", put("/signals?code=eq.Q", [{ code: "Q" }], { Accept: "application/vnd.pgrst.object+json", ...shown }), {
  status: 201, data: { code: "Q" }, headers: { "content-type": "application/vnd.pgrst.object+json; charset=utf-8" },
});
rows("of two rows, the one that is named", put("/slots?bay=eq.1&row=eq.x", [{ bay: 1, row: "x", note: "first" }, { bay: 1, row: "y", note: "second" }], shown),
  [{ bay: 1, row: "x", note: "first" }], (db) => db.from("slots").select("note").eq("bay", 1).order("row"), [{ note: "first" }, { note: "two" }]);
rows("Range means nothing", put("/signals?code=eq.A", { code: "A" }, { Range: "1-1", ...shown }), [{ code: "A" }]);
refused("another filter", put("/members?name=eq.Ada", { id: 1, email: "a@sea" }), 405, wrongFilters);
refused("another filter beside the key", put("/members?id=eq.1&name=eq.Ada", { id: 1, email: "a@sea" }), 405, wrongFilters);
refused("another operator", put("/members?id=in.(1)", { id: 1, email: "a@sea" }), 405, wrongFilters);
refused("not", put("/members?id=not.eq.2", { id: 1, email: "a@sea" }), 405, wrongFilters);
refused("within and", put("/members?and=(id.eq.1)", { id: 1, email: "a@sea" }), 405, wrongFilters);
refused("no filter", put("/members", { id: 1, email: "a@sea" }), 405, wrongFilters);
refused("half a key", put("/slots?bay=eq.1", { bay: 1, row: "x" }), 405, wrongFilters);
refused("a table without a key", put("/sightings?topic=eq.a&line=eq.b", { topic: "a", line: "b" }), 405, wrongFilters);
refused("limit", put("/members?id=eq.1&limit=1", { id: 1, email: "a@sea" }), 400, noLimits);
refused("offset", put("/members?id=eq.1&offset=1", { id: 1, email: "a@sea" }), 400, noLimits);
refused("another key", put("/members?id=eq.1", { id: 2, email: "a@sea" }), 400, wrongKey);
refused("another half of a key", put("/slots?bay=eq.1&row=eq.x", { bay: 1, row: "y" }), 400, wrongKey);
refused("no key in the body", put("/members?id=eq.1", { email: "a@sea" }), 400, wrongKey);
refused("no row", put("/members?id=eq.1", []), 400, wrongKey);
refused("what is unique elsewhere", put("/members?id=eq.1", { id: 1, email: "bo@port" }), 409, { code: "23505" });
refused("a key that is no column", put("/members?id=eq.1", { id: 1, email: "a@sea", nope: 1 }), 400, { code: "PGRST204" });
refused("a body that is no JSON", put("/members?id=eq.1", "{oops"), 400, { code: "PGRST102", message: "Empty or invalid json" });
