// Which columns come back, under which names, and what their values look like.
import { suite } from "../suite.mjs";

const { rows, refused, answers } = suite("select");
const skills = [
  { id: 1, name: "navigation" },
  { id: 2, name: "welding" },
  { id: 3, name: "cooking" },
];

rows("nothing said", (db) => db.from("skills").select().order("id"), skills);
rows("a star", (db) => db.from("skills").select("*").order("id"), skills);
rows("an empty select is a star", (db, get) => get("/skills?select=&order=id"), skills);
rows("columns", (db) => db.from("ships").select("id,built").eq("id", 2), [{ id: 2, built: 2018 }]);
answers("columns in the order that was asked for", (db) => db.from("skills").select("name,id").eq("id", 1), {
  text: '[{"name":"navigation","id":1}]',
});
rows("other names", (db) => db.from("skills").select("nr:id,called:name").eq("id", 3), [{ nr: 3, called: "cooking" }]);
rows("a star and one more", (db) => db.from("skills").select("*,again:name").eq("id", 2), [
  { id: 2, name: "welding", again: "welding" },
]);
rows("one column twice, under two names", (db) => db.from("skills").select("a:id,b:id").eq("id", 2), [{ a: 2, b: 2 }]);
rows("blanks around items", (db, get) => get("/skills?select=%20id%20,%20name%20&id=eq.1"), [skills[0]]);
rows("plus is a blank", (db, get) => get("/skills?select=id,+name&id=eq.1"), [skills[0]]);
rows("the first select counts", (db, get) => get("/skills?select=id&select=name&id=eq.1"), [{ id: 1 }]);
rows("a parameter without a value is ignored", (db, get) => get("/skills?nothing&select=id&id=eq.1"), [{ id: 1 }]);
rows("a quoted name", (db) => db.from("skills").select('"name"').eq("id", 1), [{ name: "navigation" }]);
rows("no row", (db) => db.from("empty").select(), []);
rows("NULL of every kind", (db) => db.from("ports").select().eq("id", 4), [
  { id: 4, name: "Delfzijl", country_code: "NL", depth: null, opened: null, free: null, facts: null, langs: null,
    traffic: null, fee: null, stamp: null },
]);
rows("a value of every kind", (db) => db.from("ports").select("*,traffic::text").eq("id", 2), [
  { id: 2, name: "横浜", country_code: "JP", depth: 18.5, opened: "1859-06-02", free: true,
    facts: { unlocode: "JPYOK", cranes: { sts: 39, rail: [] }, green: false, tags: [], note: null },
    langs: ["ja", "en"], traffic: "9223372036854775807", fee: 10, stamp: "\\x00ff10" },
]);
answers("all digits of 64-bit integers", (db) => db.from("ports").select("traffic").order("id"), {
  text: '[{"traffic":9007199254740993},{"traffic":9223372036854775807},{"traffic":-9223372036854775808},' +
    '{"traffic":null},{"traffic":0}]',
});
rows("reals to the last bit, and without an end", (db) => db.from("extremes").select("r").order("id"), [
  { r: 0.1 }, { r: "Infinity" }, { r: "-Infinity" }, { r: 5e-324 }, { r: 1.7976931348623157e308 },
]);
rows("a column of no type holds what it holds", (db) => db.from("extremes").select("anything").order("id"), [
  { anything: 1 }, { anything: "text" }, { anything: "\\xff00" }, { anything: null }, { anything: 0.30000000000000004 },
]);
rows("text in an integer column is text", (db) => db.from("extremes").select("i").eq("id", 5), [{ i: "not a number" }]);
rows("blobs", (db) => db.from("ports").select("stamp").order("id"), [
  { stamp: "\\x0001ff" }, { stamp: "\\x00ff10" }, { stamp: "\\x" }, { stamp: null }, { stamp: "\\xdeadbeef" },
]);
rows("booleans", (db) => db.from("ports").select("free").order("id"), [
  { free: true }, { free: true }, { free: false }, { free: null }, { free: false },
]);
rows("arrays", (db) => db.from("ports").select("langs").order("id"), [
  { langs: ["nl", "en"] }, { langs: ["ja", "en"] }, { langs: [] }, { langs: null },
  { langs: ["en", "with space", 'quo"te', "co,mma"] },
]);
rows("JSON that is an array or a text", (db) => db.from("ports").select("facts").in("id", [3, 5]).order("id"), [
  { facts: [10, 20, { deep: "yes" }] }, { facts: "just text" },
]);
rows("JSON that is none is a text", (db) => db.from("docs").select("doc").eq("id", 9), [{ doc: "not json" }]);
rows("numeric values", (db) => db.from("ports").select("fee").order("id"), [
  { fee: 1234.5 }, { fee: 10 }, { fee: 0.1 }, { fee: null }, { fee: 99.99 },
]);
rows("a table without rowid, and generated columns", (db) => db.from("tariffs").select().order("code"), [
  { code: "A", net: 8, vat: 2, gross: 10 }, { code: "B", net: 10.5, vat: 2.625, gross: 13.125 },
]);
rows("a generated column alone, as a filter too", (db) => db.from("tariffs").select("vat").gt("gross", 12), [
  { vat: 2.625 },
]);
rows("unicode outside the BMP", (db) => db.from("texts").select("t").eq("id", 17), [{ t: "🚢 ship" }]);
rows("a view", (db) => db.from("deep_ports").select("id,name").order("id"), [
  { id: 1, name: "Rotterdam" }, { id: 2, name: "横浜" },
]);
rows("a view of a view with other names", (db) => db.from("harbours").select().order("harbour_id"), [
  { harbour_id: 1, harbour: "Rotterdam", land: "NL" }, { harbour_id: 2, harbour: "横浜", land: "JP" },
]);
rows("a view of counts", (db) => db.from("port_counts").select().order("country_code"), [
  { country_code: "IS", ports: 1 }, { country_code: "JP", ports: 1 }, { country_code: "NL", ports: 2 },
  { country_code: null, ports: 1 },
]);
refused("an unknown column", (db) => db.from("ships").select("id,captain"), 400, {
  code: "42703", message: "column ships.captain does not exist",
});
refused("an unknown table, and the nearest one", (db) => db.from("shps").select(), 404, {
  code: "PGRST205", message: /^Could not find the table '(main|public)\.shps' in the schema cache$/, details: null,
  hint: /^Perhaps you meant the table '(main|public)\.ships'$/,
});
refused("an unknown table that is near to none", (db) => db.from("zeppelins_and_more").select(), 404, {
  code: "PGRST205", hint: null,
});
refused("SQLite's own tables are none", (db) => db.from("sqlite_schema").select(), 404, { code: "PGRST205" });
refused("tables behind a virtual table are none", (db) => db.from("manuals_data").select(), 404, { code: "PGRST205" });
refused("a select that does not parse", (db, get) => get("/ships?select=id,(name"), 400, {
  code: "PGRST100", message: /^"failed to parse select parameter \(id,\(name\)" \(line 1, column \d+\)$/, details: /unexpected/,
  hint: null,
});
refused("a path of two levels", (db, get) => get("/ships/1"), 404, {
  code: "PGRST125", message: "Invalid path specified in request URL",
});

const hostile = suite("hostile names");
hostile.rows("a table's name with a blank", (db) => db.from("odd table").select("id"), [{ id: 1 }]);
hostile.rows("a column's name with a blank", (db, get) => get("/odd%20table?select=a%20b"), [{ "a b": "space" }]);
hostile.rows("the same in quotes", (db) => db.from("odd table").select('"a b"'), [{ "a b": "space" }]);
hostile.rows("reserved words", (db) => db.from("order").select("id,group").order("group", { ascending: false }), [
  { id: 2, group: "y" }, { id: 1, group: "x" },
]);
hostile.rows("a reserved word as a column", (db) => db.from("odd table").select("select").eq("select", 7), [{ select: 7 }]);
hostile.rows("letters of other scripts", (db) => db.from("日本").select("番号,名前").eq("名前", "二"), [
  { 番号: 2, 名前: "二" },
]);
hostile.rows("letters with marks", (db) => db.from("odd table").select("naïve").eq("naïve", "diaeresis"), [
  { naïve: "diaeresis" },
]);
hostile.rows("a dash", (db) => db.from("odd table").select("dash-ed").eq("dash-ed", "dash"), [{ "dash-ed": "dash" }]);
hostile.rows("marks of the grammar, in quotes",
  (db) => db.from("odd table").select('"a.b","x:y","co,mma","(p)"'),
  [{ "a.b": "dot", "x:y": "colon", "co,mma": "comma", "(p)": "parens" }]);
hostile.rows("quote and backslash, behind a backslash", (db) => db.from("odd table").select('"quo\\"te","back\\\\slash"'), [
  { 'quo"te': "quote", "back\\slash": "backslash" },
]);
hostile.rows("as filters", (db) => db.from("odd table").select("id").eq('"a.b"', "dot").eq('"co,mma"', "comma").eq('"quo\\"te"', "quote"),
  [{ id: 1 }]);
hostile.rows("within or", (db) => db.from("odd table").select("id").or('"a.b".eq.no,"(p)".eq.parens'), [{ id: 1 }]);
hostile.rows("a column called or, in quotes", (db) => db.from("odd table").select("or").eq('"or"', "or"), [{ or: "or" }]);
hostile.rows("in order", (db) => db.from("order").select("id").order('"odd id"', { nullsFirst: true }), [{ id: 2 }, { id: 1 }]);
hostile.rows("an embedded table whose name has a blank", (db) => db.from("order").select('id,"odd table"("a b")').order("id"), [
  { id: 1, "odd table": { "a b": "space" } }, { id: 2, "odd table": null },
]);
hostile.rows("a filter within it", (db) => db.from("order").select('id,"odd table"("a b")').eq('"odd table"."a b"', "none").eq("id", 1), [
  { id: 1, "odd table": null },
]);
hostile.rows("a filter of a column called select, in quotes", (db) => db.from("odd table").select("id").eq('"select"', 8), []);
hostile.rows("other names in quotes", (db) => db.from("skills").select('"a, (b)":name').eq("id", 1), [{ "a, (b)": "navigation" }]);

// The server with aggregates does not serve offices.
const hidden = suite("tables that are not served", "aggregates");
hidden.refused("one by its name", (db) => db.from("offices").select(), 404, { code: "PGRST205" });
hidden.refused("one within another", (db) => db.from("ports").select("id,offices(phone)"), 400, { code: "PGRST200" });
hidden.rows("the others are there", (db) => db.from("ports").select("id,countries(name)").eq("id", 1), [
  { id: 1, countries: { name: "Netherlands" } },
]);
