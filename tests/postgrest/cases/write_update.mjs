// Changes to rows that are there.
import { suite, send, shown } from "../suite.mjs";

const { rows, silent, refused, answers } = suite("update", "write");
const ids = (...list) => list.map((id) => ({ id }));
const parcels = (columns) => (db) => db.from("parcels").select(columns).order("id");
const notOne = (count) => ({ code: "PGRST116", message: "Cannot coerce the result to a single JSON object", details: `The result contains ${count} rows`, hint: null });

answers("one row", (db) => db.from("parcels").update({ note: "x" }).eq("id", 1), {
  status: 204, error: null, data: null, count: null, text: "",
  headers: { "content-type": null, "content-range": "0-0/*", "preference-applied": null, location: null },
}, parcels("note"), [{ note: "x" }, { note: "up" }, { note: null }, { note: "old" }]);
answers("one row, shown", (db) => db.from("parcels").update({ note: "x", weight: 1 }).eq("id", 2).select(), {
  status: 200, data: [{ id: 2, label: "lamps", weight: 1, fragile: true, note: "x", ship_id: 1 }],
  headers: { "content-type": "application/json; charset=utf-8", "content-range": "0-0/*", "preference-applied": "return=representation" },
});
answers("several rows", (db) => db.from("parcels").update({ fragile: true }).eq("ship_id", 1), {
  status: 204, headers: { "content-range": "0-1/*" },
}, parcels("fragile"), [{ fragile: true }, { fragile: true }, { fragile: false }, { fragile: false }]);
answers("several rows, counted", (db) => db.from("parcels").update({ fragile: true }, { count: "exact" }).eq("ship_id", 1), {
  status: 204, count: 2, headers: { "content-range": "0-1/2", "preference-applied": "count=exact" },
});
answers("no row", (db) => db.from("parcels").update({ note: "x" }).eq("id", 99), { status: 204, data: null, headers: { "content-range": "*/*" }, unchanged: true });
answers("no row, shown", (db) => db.from("parcels").update({ note: "x" }).eq("id", 99).select(), { status: 200, data: [], text: "[]", headers: { "content-range": "*/*" }, unchanged: true });
answers("no row, counted", (db) => db.from("parcels").update({ note: "x" }, { count: "exact" }).eq("id", 99), { status: 204, count: 0, headers: { "content-range": "*/0" } });
answers("an empty table", (db) => db.from("empty").update({ x: "y" }).gt("id", 0), { status: 204, headers: { "content-range": "*/*" } });

// Each filter chooses the ships whose tonnage is changed.
const filters = {
  eq: [(q) => q.eq("id", 2), [2]],
  neq: [(q) => q.neq("built", 2006), [2, 3, 4]],
  gt: [(q) => q.gt("built", 2006), [2]],
  gte: [(q) => q.gte("built", 2006), [1, 2]],
  lt: [(q) => q.lt("built", 1999), [4]],
  lte: [(q) => q.lte("built", 1999), [3, 4]],
  like: [(q) => q.like("name", "Ever%"), [2]],
  ilike: [(q) => q.ilike("name", "ever*"), [2, 3]],
  likeAnyOf: [(q) => q.likeAnyOf("name", ["Ever%", "Fly%"]), [2, 5]],
  regexMatch: [(q) => q.regexMatch("name", "^[EM]"), [1, 2]],
  regexIMatch: [(q) => q.regexIMatch("name", "^ever"), [2, 3]],
  in: [(q) => q.in("id", [1, 4, 99]), [1, 4]],
  notIn: [(q) => q.notIn("id", [1, 4]), [2, 3, 5]],
  "is null": [(q) => q.is("captain_id", null), [3, 5]],
  "not is null": [(q) => q.not("captain_id", "is", null), [1, 2, 4]],
  "not eq": [(q) => q.not("home_id", "eq", 2), [1, 4]],
  isDistinct: [(q) => q.isDistinct("home_id", 2), [1, 4, 5]],
  match: [(q) => q.match({ home_id: 2, built: 1999 }), [3]],
  or: [(q) => q.or("id.eq.1,name.eq.Árvakur"), [1, 4]],
  "or within and": [(q) => q.or("and(home_id.eq.2,built.lt.2000),id.eq.5"), [3, 5]],
  "or and another": [(q) => q.or("id.eq.1,id.eq.2").gt("tonnage", 100000), [2]],
  filter: [(q) => q.filter("name", "in", '("Ever Given","Árvakur")'), [2, 4]],
};
for (const [name, [filter, chosen]] of Object.entries(filters)) {
  rows(`where ${name}`, (db) => filter(db.from("ships").update({ tonnage: 1 })).select("id").order("id"), ids(...chosen),
    (db) => db.from("ships").select("id").eq("tonnage", 1).order("id"), ids(...chosen));
}
rows("where not or", send("PATCH", "/ships?not.or=(id.eq.1,id.eq.2,id.eq.3)&select=id&order=id", { tonnage: 1 }, shown), ids(4, 5));
rows("where JSON", (db) => db.from("ports").update({ fee: 1 }).eq("facts->>unlocode", "NLRTM").select("id,fee"), [{ id: 1, fee: 1 }]);
rows("where JSON is greater", (db) => db.from("ports").update({ fee: 1 }).gt("facts->cranes->sts", 100).select("id"), ids(1));
rows("where an array holds", (db) => db.from("ports").update({ fee: 1 }).contains("langs", ["en"]).select("id").order("id"), ids(1, 2, 5));
rows("where an array overlaps", (db) => db.from("ports").update({ fee: 1 }).overlaps("langs", ["ja", "nl"]).select("id").order("id"), ids(1, 2));
rows("where text is found", (db) => db.from("logs").update({ line: "seen" }).textSearch("line", "crane", { type: "plain", config: "simple" }).select("id").order("id"), ids(1, 3));
rows("where a boolean is", (db) => db.from("parcels").update({ note: "x" }).is("fragile", true).select("id"), ids(2));
rows("where a name wants quotes", (db) => db.from("odd table").update({ "co,mma": "x", "(p)": null }).eq('"a b"', "space").select('"co,mma","(p)"'), [{ "co,mma": "x", "(p)": null }]);
rows("where the name is of another alphabet", (db) => db.from("日本").update({ "名前": "参" }).eq("番号", 2).select(), [{ "番号": 2, "名前": "参" }]);
rows("without a key: all twins", (db) => db.from("sightings").update({ line: "rough" }).eq("topic", "weather").select(), [
  { topic: "weather", line: "rough" }, { topic: "weather", line: "rough" },
]);
rows("a key of two columns", (db) => db.from("slots").update({ note: "n" }).eq("bay", 1).eq("row", "y").select(), [{ bay: 1, row: "y", note: "n" }],
  (db) => db.from("slots").select("note").order("bay").order("row"), [{ note: "one" }, { note: "n" }, { note: null }]);
rows("without a rowid: computed columns follow", (db) => db.from("tariffs").update({ net: 16 }).eq("code", "B").select(), [{ code: "B", net: 16, vat: 4, gross: 20 }]);
rows("the key itself", (db) => db.from("parcels").update({ id: 99 }).eq("id", 4).select("id,label"), [{ id: 99, label: "spare" }], parcels("id"), ids(1, 2, 3, 99));
rows("the key of a table without a rowid", (db) => db.from("tariffs").update({ code: "Z" }).eq("code", "B").select("code,net"), [{ code: "Z", net: 10.5 }]);
rows("what meets its filter no more is shown", (db) => db.from("parcels").update({ note: "new" }).eq("note", "old").select("id,note"), [{ id: 4, note: "new" }]);
rows("filters see what was before", (db) => db.from("parcels").update({ weight: 50, note: "x" }).lt("weight", 20).is("note", null).select("id,weight"), [{ id: 1, weight: 50 }]);

silent("an empty object changes nothing", (db) => db.from("parcels").update({}).eq("id", 1), 204);
for (const body of ["{}", "[]", "[{}]", "7"]) {
  answers(`${body} changes nothing`, send("PATCH", "/parcels?id=gt.0", body), { status: 204, text: "", headers: { "content-range": "*/*", "content-type": null }, unchanged: true });
}
answers("an empty object changes nothing, shown", (db) => db.from("parcels").update({}).eq("id", 1).select("id"), { status: 200, data: [], headers: { "content-range": "*/*" }, unchanged: true });
answers("an empty object needs no filter", (db) => db.from("parcels").update({}), { status: 204, headers: { "content-range": "*/*" }, unchanged: true });
rows("null", (db) => db.from("parcels").update({ note: null }).eq("id", 2).select("note"), [{ note: null }]);
rows("an array of one object", send("PATCH", "/parcels?id=eq.1&select=note", [{ note: "x" }], shown), [{ note: "x" }]);
rows("columns= picks the keys", send("PATCH", "/parcels?id=eq.1&columns=note&select=label,note", { note: "x", label: "ignored", fake: 13 }, shown), [{ label: "books", note: "x" }]);
rows("columns= and a missing key: null", send("PATCH", "/parcels?id=eq.2&columns=note,weight&select=note,weight", { note: "x" }, shown), [{ note: "x", weight: null }]);
answers("columns= and a missing key: its default", send("PATCH", "/parcels?id=eq.2&columns=note,weight&select=note,weight", { note: "x" }, { Prefer: "missing=default, return=representation" }), {
  status: 200, data: [{ note: "x", weight: 1.5 }], headers: { "preference-applied": "missing=default, return=representation" },
});
answers("columns= and no row", send("PATCH", "/parcels?id=eq.99&columns=note", { note: "x", fake: 1 }, shown), { status: 200, data: [] });
refused("columns= with one that is not there", send("PATCH", "/parcels?id=eq.1&columns=helicopter", { note: "x" }), 400, {
  code: "PGRST204", message: "Could not find the 'helicopter' column of 'parcels' in the schema cache",
});
refused("a key that is no column", (db) => db.from("parcels").update({ colour: "red" }).eq("id", 1), 400, {
  code: "PGRST204", message: "Could not find the 'colour' column of 'parcels' in the schema cache",
});
refused("a filter that is no column", (db) => db.from("parcels").update({ note: "x" }).eq("colour", "red"), 400, { code: "42703" });
refused("a filter that does not fit", (db) => db.from("parcels").update({ note: "x" }).eq("id", "abc"), 400, {
  code: "22P02", message: 'invalid input syntax for type integer: "abc"',
});
refused("a table that is not there", (db) => db.from("nowhere").update({ a: 1 }).eq("a", 2), 404, { code: "PGRST205" });
refused("a computed column", (db) => db.from("tariffs").update({ gross: 1 }).eq("code", "A"), 400, { code: "428C9" });

rows("a to-one embed", (db) => db.from("parcels").update({ ship_id: 4 }).eq("id", 1).select("id,ships(name)"), [{ id: 1, ships: { name: "Árvakur" } }]);
rows("an embed through an old table, two deep", (db) => db.from("parcels").update({ note: "x" }).eq("id", 3).select("ships(name,ports(name,countries(code)))"), [
  { ships: { name: "Ever Given", ports: { name: "横浜", countries: { code: "JP" } } } },
]);
rows("to-many embeds, ordered", (db) => db.from("ships").update({ tonnage: 1 }).eq("id", 1).select("name,parcels(id,label)").order("label", { referencedTable: "parcels", ascending: false }), [
  { name: "Maersk Ohio", parcels: [{ id: 2, label: "lamps" }, { id: 1, label: "books" }] },
]);
rows("a filter on an embed chooses what is embedded, not what is changed", (db) => db.from("ships").update({ tonnage: 1 }).in("id", [1, 2]).eq("parcels.fragile", true).select("id,parcels(id)").order("id"), [
  { id: 1, parcels: [{ id: 2 }] }, { id: 2, parcels: [] },
], (db) => db.from("ships").select("id").eq("tonnage", 1).order("id"), ids(1, 2));
rows("children and parent in its own table", (db) => db.from("crew").update({ name: "Ada L." }).eq("id", 1).select("name,chief:chief_id(name),crew(name)").order("name", { referencedTable: "crew" }), [
  { name: "Ada L.", chief: null, crew: [{ name: "Björk" }, { name: "Cho" }] },
]);
rows("both ways in its own table, without the key", (db) => db.from("crew").update({ name: "B" }).eq("id", 2).select("name,chief:chief_id(name),crew(name)"), [
  { name: "B", chief: { name: "Ada" }, crew: [{ name: "Dmitri" }] },
]);
rows("many to many", (db) => db.from("ships").update({ name: "Ohio" }).eq("id", 1).select("name,crew!berths(name)").order("name", { referencedTable: "crew" }), [
  { name: "Ohio", crew: [{ name: "Ada" }, { name: "Dmitri" }] },
]);
rows("one to one, from both sides", async (db) => {
  const port = await db.from("ports").update({ depth: 25 }).eq("id", 1).select("name,offices(phone)");
  const office = await db.from("offices").update({ phone: "+32" }).eq("port_id", 1).select("phone,ports(depth)");
  return { ...office, data: [...(port.data ?? []), ...(office.data ?? [])] };
}, [{ name: "Rotterdam", offices: { phone: "+31" } }, { phone: "+32", ports: { depth: 25 } }]);
rows("a spread", (db) => db.from("parcels").update({ note: "x" }).eq("id", 1).select("id,...ships(ship:name)"), [{ id: 1, ship: "Maersk Ohio" }]);
rows("an embed that is not shown, inner", (db) => db.from("parcels").update({ note: "x" }).eq("ship_id", 1).select("id,ships!inner()").order("id"), ids(1, 2));
rows("ordered", (db) => db.from("parcels").update({ fragile: true }).gt("id", 0).select("id").order("weight", { ascending: false }), ids(4, 3, 1, 2));
rows("a limit limits nothing", (db) => db.from("parcels").update({ note: "x" }).gt("id", 1).select("id").order("id").limit(1), ids(2, 3, 4), parcels("note"), [
  { note: null }, { note: "x" }, { note: "x" }, { note: "x" },
]);
rows("a range limits nothing", (db) => db.from("parcels").update({ note: "x" }).gt("id", 1).select("id").order("id").range(1, 1), ids(2, 3, 4));
rows("renamed and cast", (db) => db.from("parcels").update({ weight: 7 }).eq("id", 1).select("no:id::text,weight::text"), [{ no: "1", weight: "7" }]);
rows("CSV", (db) => db.from("parcels").update({ note: 'say "hi"' }).eq("id", 1).select("id,note,ship_id,weight").csv(), 'id,note,ship_id,weight\n1,"say ""hi""",1,12.5');
rows("nulls stripped", (db) => db.from("parcels").update({ note: null }).eq("id", 2).select("id,note").stripNulls(), [{ id: 2 }]);
answers("single", (db) => db.from("parcels").update({ note: "x" }).eq("id", 1).select("id,note").single(), {
  status: 200, data: { id: 1, note: "x" }, headers: { "content-type": "application/vnd.pgrst.object+json; charset=utf-8" },
});
refused("single, of several", (db) => db.from("parcels").update({ note: "x" }).gt("id", 1).select().single(), 406, notOne(3));
refused("single, of none", (db) => db.from("parcels").update({ note: "x" }).eq("id", 99).select().single(), 406, notOne(0));
refused("an object without return=, of several", send("PATCH", "/parcels?id=gt.1", { note: "x" }, { Accept: "application/vnd.pgrst.object+json" }), 406, notOne(3));
silent("an object without return=, of one", send("PATCH", "/parcels?id=eq.1", { note: "x" }, { Accept: "application/vnd.pgrst.object+json" }), 204, parcels("note"), [
  { note: "x" }, { note: "up" }, { note: null }, { note: "old" },
]);
rows("maybeSingle", (db) => db.from("parcels").update({ note: "x" }).eq("id", 1).select("id").maybeSingle(), { id: 1 });
rows("maybeSingle, of none", (db) => db.from("parcels").update({ note: "x" }).eq("id", 99).select("id").maybeSingle(), null);
answers("select= without return=", send("PATCH", "/parcels?id=eq.1&select=id", { note: "x" }, { Prefer: "return=minimal" }), {
  status: 204, text: "", headers: { "content-type": null, "content-range": "0-0/*", "preference-applied": "return=minimal" },
});
answers("many filters in a long URL", (db) => db.from("numbers").update({ n: 5000 }).in("n", Array.from({ length: 1000 }, (_, i) => 2500 + i)).select(), { status: 200, data: [{ n: 5000 }] });

refused("without a filter", (db) => db.from("parcels").update({ note: "x" }), 400, { code: "21000", message: "UPDATE requires a WHERE clause" });
refused("with a limit alone", (db) => db.from("parcels").update({ note: "x" }).select().limit(1), 400, { code: "21000" });
refused("with a filter on an embed alone", (db) => db.from("parcels").update({ note: "x" }).eq("ships.id", 1).select("id,ships(id)"), 400, { code: "21000" });

const unfiltered = suite("update", "unfiltered");
unfiltered.answers("a whole table, where that is allowed", (db) => db.from("parcels").update({ note: "x" }, { count: "exact" }), {
  status: 204, count: 4, headers: { "content-range": "0-3/4" },
}, parcels("note"), [{ note: "x" }, { note: "x" }, { note: "x" }, { note: "x" }]);
unfiltered.rows("a whole table, shown in order", (db) => db.from("slots").update({ note: "n" }).select("bay,row").order("bay", { ascending: false }).order("row"), [
  { bay: 2, row: "x" }, { bay: 1, row: "x" }, { bay: 1, row: "y" },
]);
