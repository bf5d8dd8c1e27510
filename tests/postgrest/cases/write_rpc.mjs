// Named queries that write.
import { suite, send } from "../suite.mjs";

const { rows, silent, refused, answers } = suite("writing rpc", "write");
const weights = (db) => db.from("parcels").select("weight").order("id");
const ids = (...list) => list.map((id) => ({ id }));

rows("a value", (db) => db.rpc("hire", { name: "Fynn" }), 6, (db) => db.from("crew").select("name,chief_id").eq("id", 6), [{ name: "Fynn", chief_id: 1 }]);
rows("null as an argument", (db) => db.rpc("hire", { name: "Fynn", chief: null }), 6, (db) => db.from("crew").select("chief_id").eq("id", 6), [{ chief_id: null }]);
rows("values", (db) => db.rpc("unload", { ship: 1 }).then((r) => ({ ...r, data: r.data?.sort() })), [1, 2], (db) => db.from("parcels").select("id").order("id"), ids(3, 4));
rows("no values", (db) => db.rpc("unload", { ship: 99 }), []);
rows("rows of a table, shaped", (db) => db.rpc("load_more", { by: 1 }).select("id,weight,ships(name)").order("id"), [
  { id: 1, weight: 13.5, ships: { name: "Maersk Ohio" } }, { id: 2, weight: 4, ships: { name: "Maersk Ohio" } }, { id: 3, weight: 41, ships: { name: "Ever Given" } },
], weights, [{ weight: 13.5 }, { weight: 4 }, { weight: 41 }, { weight: null }]);
rows("a filter chooses what is shown, not what is written", (db) => db.rpc("load_more", { by: 1 }).select("id").gt("weight", 10).order("id", { ascending: false }), ids(3, 1), weights, [
  { weight: 13.5 }, { weight: 4 }, { weight: 41 }, { weight: null },
]);
answers("counted, a part", (db) => db.rpc("load_more", { by: 1 }, { count: "exact" }).select("id").order("id").limit(2), { status: 206, count: 3, data: ids(1, 2), headers: { "content-range": "0-1/3" } });
rows("CSV", (db) => db.rpc("load_more", { by: 0 }).select("id,weight").order("id").csv(), "id,weight\n1,12.5\n2,3\n3,40");
rows("one of its rows", (db) => db.rpc("load_more", { by: 1 }).select("id").eq("id", 2).single(), { id: 2 });
refused("one of its rows, of several", (db) => db.rpc("load_more", { by: 1 }).single(), 406, { code: "PGRST116", details: "The result contains 3 rows" });
rows("a row", (db) => db.rpc("rename_ship", { id: 1, name: "Ohio" }).select("id,name,ports(name)"), { id: 1, name: "Ohio", ports: { name: "Rotterdam" } });
rows("a row that is not there", (db) => db.rpc("rename_ship", { id: 99, name: "x" }), null);
silent("nothing", (db) => db.rpc("close_convoy", { id: 1 }), 204, (db) => db.from("convoy_ships").select("convoy_id"), [{ convoy_id: 2 }]);
rows("a form", send("POST", "/rpc/hire", "name=Gwen&chief=2", { "Content-Type": "application/x-www-form-urlencoded" }), 6, (db) => db.from("crew").select("name").eq("chief_id", 2).order("id"), [
  { name: "Dmitri" }, { name: "Gwen" },
]);
refused("by GET", (db) => db.rpc("hire", { name: "x" }, { get: true }), 405, { code: "25006", message: /read-only transaction/ });
answers("by HEAD", (db, get) => get("/rpc/hire?name=x", {}, "HEAD"), { status: 405, text: "", headers: { "proxy-status": /error=25006/ }, unchanged: true });
refused("by PATCH", send("PATCH", "/rpc/hire", { name: "x" }), 405, { code: "PGRST101" });
refused("an argument that does not fit", (db) => db.rpc("hire", { name: "x", chief: "one" }), 400, { code: "22P02" });
refused("an argument that is missing", (db) => db.rpc("hire"), 404, { code: "PGRST202" });
refused("NOT NULL", (db) => db.rpc("hire", { name: null }), 400, { code: "23502" });
refused("a foreign key", (db) => db.rpc("hire", { name: "x", chief: 99 }), 409, { code: "23503" });
refused("CHECK", (db) => db.rpc("lift", { load: 501 }), 400, { code: "23514" });
refused("a shown column that is none", (db) => db.rpc("load_more", { by: 1 }).select("nope"), 400, { code: "42703" });
answers("OPTIONS", (db, get) => get("/rpc/hire", {}, "OPTIONS"), { status: 200, headers: { allow: "OPTIONS,POST" } });
rows("one that only reads, beside them", (db) => db.rpc("add", { a: 1, b: 2 }), 3);
answers("at most so many rows: fewer", (db) => db.rpc("load_more", { by: 1 }).select("id").order("id").maxAffected(3), {
  status: 200, data: ids(1, 2, 3), headers: { "preference-applied": "handling=strict, max-affected=3" },
});
refused("at most so many rows: more", (db) => db.rpc("load_more", { by: 1 }).select("id").maxAffected(2), 400, {
  code: "PGRST124", message: "Query result exceeds max-affected preference constraint", details: "The query affects 3 rows", hint: null,
});
refused("at most so many values: more", (db) => db.rpc("unload", { ship: 1 }).maxAffected(1), 400, { code: "PGRST124", details: "The query affects 2 rows" });
const single = { code: "PGRST128", message: "Function must return SETOF or TABLE when max-affected preference is used with handling=strict", details: null, hint: null };
refused("at most so many, of nothing", (db) => db.rpc("close_convoy", { id: 1 }).maxAffected(9), 400, single);
refused("at most so many, of a value", (db) => db.rpc("hire", { name: "x" }).maxAffected(9), 400, single);
refused("strict, and something that nobody knows", send("POST", "/rpc/hire", { name: "x" }, { Prefer: "handling=strict, anything" }), 400, { code: "PGRST122", details: "Invalid preferences: anything" });
