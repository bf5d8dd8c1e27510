// Named queries as functions.
import { suite } from "../suite.mjs";

const { rows, refused, answers } = suite("rpc");
const ids = (...list) => list.map((id) => ({ id }));
const post = (path, body, type = "application/json") => (db, get) => get(path, { "Content-Type": type }, "POST", body);
const schema = "(main|public)";

rows("a value", (db) => db.rpc("add", { a: 1, b: 2 }), 3);
rows("a default", (db) => db.rpc("add", { a: 1 }), 11);
rows("by GET", (db) => db.rpc("add", { a: 1, b: -2 }, { get: true }), -1);
answers("only the head", (db) => db.rpc("add", { a: 1 }, { head: true }), { status: 200, data: null, text: "" });
rows("text", (db) => db.rpc("greet", { name: '横浜 & "co"' }), 'Hello 横浜 & "co"');
rows("text by GET", (db) => db.rpc("greet", { name: "a=b&c, +d" }, { get: true }), "Hello a=b&c, +d");
answers("no arguments, and all digits", (db) => db.rpc("biggest"), { status: 200, text: "9223372036854775807", headers: { "content-type": /^application\/json/ } });
rows("a boolean", (db) => db.rpc("is_deep", { depth: 15.5 }), true);
rows("JSON", (db) => db.rpc("same", { v: { a: [1, null, "x"] } }), { a: [1, null, "x"] });
rows("null", (db) => db.rpc("nothing"), null);
rows("values", (db) => db.rpc("years"), [1962, 1999, 2006, 2018]);
rows("values by GET", (db) => db.rpc("years", {}, { get: true }), [1962, 1999, 2006, 2018]);
answers("nothing at all", (db) => db.rpc("look"), { status: 204, data: null, error: null, text: "", headers: { "content-type": null } });
answers("a value counts as one row", (db) => db.rpc("add", { a: 1 }, { count: "exact", get: true }), { status: 200, data: 11, count: 1, headers: { "content-range": "0-0/1" } });

rows("rows of a table", (db) => db.rpc("ships_since", { year: 2000 }).select("id,name").order("id"), [
  { id: 1, name: "Maersk Ohio" }, { id: 2, name: "Ever Given" },
]);
rows("all their columns", (db) => db.rpc("ships_since", { year: 2018 }), [
  { id: 2, name: "Ever Given", home_id: 2, captain_id: 3, built: 2018, tonnage: 220000 },
]);
rows("filtered", (db) => db.rpc("ships_since", { year: 1990 }).select("id").lt("built", 2010).order("id"), ids(1, 3));
rows("filtered, by GET", (db) => db.rpc("ships_since", { year: 1990 }, { get: true }).select("id").lt("built", 2010).order("id"), ids(1, 3));
rows("or", (db) => db.rpc("ships_since", { year: 1900 }).select("id").or("id.eq.1,tonnage.lt.1000").order("id"), ids(1, 4));
rows("with embeds", (db) => db.rpc("ships_since", { year: 2006 }).select("id,ports(name),crew!berths(name)").order("id").order("name", { referencedTable: "crew" }), [
  { id: 1, ports: { name: "Rotterdam" }, crew: [{ name: "Ada" }, { name: "Dmitri" }] },
  { id: 2, ports: { name: "横浜" }, crew: [{ name: "Cho" }, { name: "Dmitri" }] },
]);
rows("inner", (db) => db.rpc("ships_since", { year: 1900 }).select("id,ports!inner()").eq("ports.country_code", "JP").order("id"), ids(2, 3));
answers("a part, counted", (db) => db.rpc("ships_since", { year: 1900 }, { count: "exact" }).select("id").order("built").range(1, 2), {
  status: 206, data: ids(3, 1), count: 4, headers: { "content-range": "1-2/4" },
});
answers("a part, counted, by GET", (db) => db.rpc("ships_since", { year: 1900 }, { count: "exact", get: true }).select("id").order("built").limit(1), {
  status: 206, data: ids(4), count: 4,
});
answers("only the count", (db) => db.rpc("ships_since", { year: 1990 }, { count: "exact", head: true }), { status: 200, data: null, count: 3 });
rows("one of them", (db) => db.rpc("ships_since", { year: 1900 }).select("name").eq("id", 4).single(), { name: "Árvakur" });
rows("as CSV", (db) => db.rpc("ships_since", { year: 2000 }).select("id,built").order("id").csv(), "id,built\n1,2006\n2,2018");
rows("rows of a view", (db) => db.rpc("deeper", { than: 20 }).select("name,countries(name)"), [
  { name: "Rotterdam", countries: { name: "Netherlands" } },
]);
rows("a row", (db) => db.rpc("ship", { id: 3 }).select("name,ports(name)"), { name: "ever green", ports: { name: "横浜" } });
rows("a row that is not there", (db) => db.rpc("ship", { id: 99 }), null);
suite("rpc", "aggregates").rows("aggregates", (db) => db.rpc("ships_since", { year: 1990 }).select("tonnage.max(),count()"), [{ max: 220000, count: 3 }]);

rows("no body is no arguments", post("/rpc/years", ""), [1962, 1999, 2006, 2018]);
rows("an array: its first", post("/rpc/add", '[{"a":1,"b":2},{"a":5,"b":5}]'), 3);
rows("a form", post("/rpc/add", "a=1&b=2", "application/x-www-form-urlencoded"), 3);
rows("a volatile one by POST", (db) => db.rpc("roll"), 4);

refused("an unknown one, near to none", (db) => db.rpc("zzzzzz", {}, { get: true }), 404, {
  code: "PGRST202", message: new RegExp(`^Could not find the function ${schema}\\.zzzzzz.* in the schema cache$`), hint: null,
});
refused("an unknown one, and the nearest", (db) => db.rpc("greeet", { name: "x" }), 404, {
  code: "PGRST202", message: /^Could not find the function .*greeet/, hint: new RegExp(`^Perhaps you meant to call the function ${schema}\\.greet`),
});
refused("an unknown argument", (db) => db.rpc("add", { a: 1, c: 2 }, { get: true }), 404, {
  code: "PGRST202", message: new RegExp(`^Could not find the function ${schema}\\.add\\(a, c\\) in the schema cache$`),
  hint: new RegExp(`^Perhaps you meant to call the function ${schema}\\.add\\(a, b\\)`),
});
refused("a missing argument", (db) => db.rpc("greet"), 404, { code: "PGRST202" });
refused("an argument that does not fit", (db) => db.rpc("add", { a: "x", b: 1 }), 400, {
  code: "22P02", message: /^invalid input syntax for type (integer|bigint): "x"$/,
});
refused("the same by GET", (db) => db.rpc("add", { a: "x", b: 1 }, { get: true }), 400, {
  code: "22P02", message: /^invalid input syntax for type (integer|bigint): "x"$/,
});
refused("a volatile one by GET", (db) => db.rpc("roll", {}, { get: true }), 405, { code: "25006", message: /read-only transaction/ });
refused("another method", (db, get) => get("/rpc/add", {}, "PUT", "{}"), 405, { code: "PGRST101", message: "Cannot use the PUT method on RPC" });
refused("a body that is no JSON", post("/rpc/add", "{oops"), 400, { code: "PGRST102", message: "Empty or invalid json" });
refused("a body of an unknown type", post("/rpc/add", "<a/>", "text/xml"), 400, { code: "PGRST102", message: "Content-Type not acceptable: text/xml" });
refused("another schema", (db) => db.schema("secret").rpc("add", { a: 1 }), 406, { code: "PGRST106", message: "Invalid schema: secret" });
refused("an unknown column", (db) => db.rpc("ships_since", { year: 1900 }).select("nope"), 400, { code: "42703" });
refused("one of several", (db) => db.rpc("ships_since", { year: 1900 }).single(), 406, { code: "PGRST116", details: "The result contains 4 rows" });
answers("OPTIONS", (db, get) => get("/rpc/add", {}, "OPTIONS"), { status: 200, headers: { allow: "OPTIONS,GET,HEAD,POST" } });
answers("OPTIONS of a volatile one", (db, get) => get("/rpc/roll", {}, "OPTIONS"), { status: 200, headers: { allow: "OPTIONS,POST" } });
