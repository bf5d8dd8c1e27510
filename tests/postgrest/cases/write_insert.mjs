// New rows: what is sent, what is left out, and what is shown of them.
import { suite, send, shown } from "../suite.mjs";

const { created, refused, answers } = suite("insert", "write");
const parcels = (columns) => (db) => db.from("parcels").select(columns).gt("id", 4).order("id");
const labels = (...list) => list.map((label) => ({ label }));
const notOne = (count) => ({
  code: "PGRST116", message: "Cannot coerce the result to a single JSON object", details: `The result contains ${count} rows`, hint: null,
});
const notThere = (column, table) => ({
  code: "PGRST204", message: `Could not find the '${column}' column of '${table}' in the schema cache`, details: null,
});

answers("one row", (db) => db.from("parcels").insert({ label: "tea", weight: 2 }), {
  status: 201, error: null, data: null, count: null, text: "", url: /\/parcels$/,
  headers: { "content-type": null, "content-length": "0", "content-range": "*/*", location: null, "preference-applied": null },
}, parcels("id,label,weight,fragile,note"), [{ id: 5, label: "tea", weight: 2, fragile: false, note: null }]);
answers("one row, shown", (db) => db.from("parcels").insert({ label: "tea", note: "hot" }).select(), {
  status: 201, error: null, data: [{ id: 5, label: "tea", weight: 1.5, fragile: false, note: "hot", ship_id: null }],
  headers: {
    "content-type": "application/json; charset=utf-8", "content-range": "*/*", location: null, "preference-applied": "return=representation",
  },
});
answers("several rows, in their order", (db) => db.from("parcels").insert([{ label: "z" }, { label: "a" }, { label: "m" }]).select("id,label"), {
  status: 201, data: [{ id: 5, label: "z" }, { id: 6, label: "a" }, { id: 7, label: "m" }], url: /columns="label"/,
}, parcels("label"), labels("z", "a", "m"));
created("uneven rows: what is missing is null", (db) => db.from("parcels").insert([{ label: "a", weight: 7 }, { label: "b", note: "n" }]).select("label,weight,note,fragile"), [
  { label: "a", weight: 7, note: null, fragile: false }, { label: "b", weight: null, note: "n", fragile: false },
]);
refused("uneven rows: what is missing may not be null", (db) => db.from("parcels").insert([{ label: "a" }, { weight: 1 }]), 400, { code: "23502" });
answers("uneven rows: what is missing has its default", (db) => db.from("parcels").insert([{ label: "a" }, { weight: 1 }, { fragile: true }], { defaultToNull: false }).select("label,weight,fragile"), {
  status: 201, headers: { "preference-applied": "missing=default, return=representation" },
  data: [
    { label: "a", weight: 1.5, fragile: false }, { label: "unlabelled", weight: 1, fragile: false },
    { label: "unlabelled", weight: 1.5, fragile: true },
  ],
});
created("a null that is said is no default", (db) => db.from("parcels").insert([{ label: "a", weight: null }, { label: "b" }], { defaultToNull: false }).select("weight"), [
  { weight: null }, { weight: 1.5 },
]);
answers("missing=null", send("POST", "/parcels?columns=label,weight", [{ label: "a" }], { Prefer: "missing=null, return=representation" }), {
  status: 201, headers: { "preference-applied": "missing=null, return=representation" },
  data: [{ id: 5, label: "a", weight: null, fragile: false, note: null, ship_id: null }],
});
answers("no rows", (db) => db.from("parcels").insert([]), { status: 201, data: null, error: null, text: "", unchanged: true });
answers("no rows, shown and counted", (db) => db.from("parcels").insert([], { count: "exact" }).select(), {
  status: 201, data: [], count: 0, headers: { "content-range": "*/0" }, unchanged: true,
});
created("an empty object is a row of defaults", (db) => db.from("parcels").insert({}).select(), [
  { id: 5, label: "unlabelled", weight: 1.5, fragile: false, note: null, ship_id: null },
]);
created("two empty objects are two", (db) => db.from("parcels").insert([{}, {}]).select("id,label"), [
  { id: 5, label: "unlabelled" }, { id: 6, label: "unlabelled" },
]);
answers("many rows: max_rows is not for them", async (db) => {
  const result = await db.from("crew").insert(Array.from({ length: 1200 }, (_, i) => ({ name: `n${i}` })), { count: "exact" }).select("name");
  return { ...result, data: [result.data?.length, result.data?.[0].name, result.data?.[1199]?.name] };
}, { status: 201, count: 1200, data: [1200, "n0", "n1199"], headers: { "content-range": "*/1200" } });
refused("all or nothing: an error in the last row", (db) => db.from("members").insert([{ email: "d@port" }, { email: "e@port" }, { email: "ada@port" }]), 409, { code: "23505" });

answers("columns= picks the keys", send("POST", "/parcels?columns=label,note", [{ label: "a", note: "n", id: 99, nonsense: [1] }, { label: "b", other: 1 }], shown), {
  status: 201, data: [
    { id: 5, label: "a", weight: 1.5, fragile: false, note: "n", ship_id: null },
    { id: 6, label: "b", weight: 1.5, fragile: false, note: null, ship_id: null },
  ],
});
answers("columns= for an object, in quotes", send("POST", '/parcels?columns="label"&select=label,note', { label: "a", note: "n" }, shown), {
  status: 201, data: [{ label: "a", note: null }],
});
refused("columns= that holds nothing", send("POST", "/parcels?columns=", { label: "a" }), 400, { code: "PGRST100" });
refused("columns= with one that is not there", send("POST", "/parcels?columns=label,helicopter", { label: "a" }), 400, notThere("helicopter", "parcels"));
refused("a key that is no column", (db) => db.from("parcels").insert({ label: "a", colour: "red" }), 400, notThere("colour", "parcels"));
refused("a key that is no column, in an array", (db) => db.from("parcels").insert([{ label: "a" }, { label: "b", colour: "red" }]), 400, notThere("colour", "parcels"));
refused("a table that is not there", (db) => db.from("nowhere").insert({ a: 1 }), 404, {
  code: "PGRST205", message: /^Could not find the table '(main|public)\.nowhere' in the schema cache$/,
});
refused("a table that is not there, before columns that are not", send("POST", "/nowhere?columns=helicopter", [{ a: 1 }]), 404, { code: "PGRST205" });

created("to-one embeds, two deep", (db) => db.from("parcels").insert({ label: "tea", ship_id: 2 }).select("label,ships(name,ports(name))"), [
  { label: "tea", ships: { name: "Ever Given", ports: { name: "横浜" } } },
]);
created("an embed without its key among the columns, and one that is null", (db) => db.from("parcels").insert([{ label: "a", ship_id: 4 }, { label: "b" }]).select("ships(name)"), [
  { ships: { name: "Árvakur" } }, { ships: null },
]);
created("to-many embeds of a new row are empty", (db) => db.from("convoys").insert({ name: "west" }).select("id,name,convoy_ships(place),ships(name)"), [
  { id: 3, name: "west", convoy_ships: [], ships: [] },
]);
created("embeds filtered, ordered and renamed", (db) => db.from("parcels").insert({ label: "tea", ship_id: 2 })
  .select("ship:ships(name,trips:voyages(id,arrived))").eq("ship.trips.arrived", false), [{ ship: { name: "Ever Given", trips: [{ id: 3, arrived: false }] } }]);
created("a spread", (db) => db.from("parcels").insert({ label: "tea", ship_id: 1 }).select("label,...ships(ship:name)"), [{ label: "tea", ship: "Maersk Ohio" }]);
created("a row of a junction, and both its sides", (db) => db.from("crew_skills").insert({ crew_id: 5, skill_id: 2, level: 1 }).select("level,crew(name),skills(name)"), [
  { level: 1, crew: { name: "Éva" }, skills: { name: "welding" } },
]);
created("a row that refers to its own table", (db) => db.from("crew").insert({ name: "Fynn", chief_id: 3 }).select("id,name,chief:chief_id(name),crew(name)"), [
  { id: 6, name: "Fynn", chief: { name: "Cho" }, crew: [] },
]);
created("the count of an embed", (db) => db.from("parcels").insert({ label: "tea", ship_id: 1 }).select("ships(voyages(count))"), [{ ships: { voyages: [{ count: 2 }] } }]);
created("renamed and cast", (db) => db.from("parcels").insert({ label: "tea", weight: 3 }).select("no:id::text,what:label,weight::text"), [
  { no: "5", what: "tea", weight: "3" },
]);
created("without the key", (db) => db.from("parcels").insert({ label: "tea" }).select("label"), labels("tea"));
created("inside JSON", (db) => db.from("kinds").insert({ json: { a: { b: [1, { c: "x" }] } } }).select("json->a->b->0,t:json->a->b->1->>c"), [{ b: 1, t: "x" }]);
created("ordered by the answer's order", (db) => db.from("parcels").insert([{ label: "b" }, { label: "c" }, { label: "a" }]).select("label").order("label", { ascending: false }), labels("c", "b", "a"));
created("nulls stripped", (db) => db.from("parcels").insert({ label: "tea" }).select("label,note,ship_id").stripNulls(), labels("tea"));
answers("single", (db) => db.from("parcels").insert([{ label: "tea" }]).select("id,label").single(), {
  status: 201, data: { id: 5, label: "tea" }, text: '{"id":5,"label":"tea"}', headers: { "content-type": "application/vnd.pgrst.object+json; charset=utf-8" },
});
refused("single, of two", (db) => db.from("parcels").insert([{ label: "a" }, { label: "b" }]).select().single(), 406, notOne(2));
refused("single, of none", (db) => db.from("parcels").insert([]).select().single(), 406, notOne(0));
refused("an object without return=, of two", send("POST", "/parcels", [{ label: "a" }, { label: "b" }], { Accept: "application/vnd.pgrst.object+json", Prefer: "return=minimal" }), 406, notOne(2));
answers("an object with return=minimal", send("POST", "/parcels", [{ label: "a" }], { Accept: "application/vnd.pgrst.object+json", Prefer: "return=minimal" }), {
  status: 201, text: "", headers: { "content-type": null, "content-range": "*/*", "preference-applied": "return=minimal" },
}, parcels("label"), labels("a"));
created("maybeSingle", (db) => db.from("parcels").insert({ label: "tea" }).select("label").maybeSingle(), { label: "tea" });
answers("CSV", (db) => db.from("parcels").insert([{ label: "a, b" }, { label: "c" }]).select("id,label,note").csv(), {
  status: 201, data: 'id,label,note\n5,"a, b",\n6,c,', headers: { "content-type": "text/csv; charset=utf-8", "content-range": "*/*" },
});
answers("counted", (db) => db.from("parcels").insert([{ label: "a" }, { label: "b" }], { count: "exact" }), {
  status: 201, data: null, count: 2, headers: { "content-range": "*/2", "preference-applied": "count=exact" },
});
answers("counted and shown", (db) => db.from("parcels").insert({ label: "a" }, { count: "exact" }).select("label"), {
  status: 201, data: labels("a"), count: 1, headers: { "content-range": "*/1", "preference-applied": "return=representation, count=exact" },
});
answers("select= without return=", send("POST", "/parcels?select=label", { label: "a" }), { status: 201, text: "", headers: { "content-type": null } });
refused("an embed that is none", (db) => db.from("parcels").insert({ label: "a" }).select("label,skills(name)"), 400, { code: "PGRST200" });
refused("a shown column that is none", (db) => db.from("parcels").insert({ label: "a" }).select("nope"), 400, { code: "42703" });
refused("a filter on an embed that is not there", (db) => db.from("parcels").insert({ label: "a" }).select("label").eq("ships.name", "x"), 400, { code: "PGRST108" });
refused("a type that is not available", (db) => db.from("parcels").insert({ label: "a" }).select().geojson(), 406, { code: "PGRST107" });
answers("in the schema public", (db) => db.schema("public").from("parcels").insert({ label: "a" }).select("label"), { status: 201, data: labels("a") });
refused("in another schema", (db) => db.schema("secret").from("parcels").insert({ label: "a" }), 406, { code: "PGRST106", message: "Invalid schema: secret" });

created("a key that is given", (db) => db.from("parcels").insert({ id: 77, label: "a" }).select("id"), [{ id: 77 }]);
created("keys of AUTOINCREMENT are not used twice", async (db) => {
  await db.from("parcels").insert({ id: 77, label: "a" });
  await db.from("parcels").delete().eq("id", 77);
  return db.from("parcels").insert({ label: "b" }).select("id");
}, [{ id: 78 }]);
created("computed columns", (db) => db.from("tariffs").insert({ code: "C", net: 4 }).select(), [{ code: "C", net: 4, vat: 1, gross: 5 }]);
refused("a computed column cannot be given", (db) => db.from("tariffs").insert({ code: "C", net: 4, vat: 2 }), 400, {
  code: "428C9", message: 'cannot insert a non-DEFAULT value into column "vat"', details: 'Column "vat" is a generated column.', hint: null,
});
created("without a key: twins", (db) => db.from("sightings").insert([{ topic: "t", line: "l" }, { topic: "t", line: "l" }]).select(), [
  { topic: "t", line: "l" }, { topic: "t", line: "l" },
], (db) => db.from("sightings").select("topic", { count: "exact" }).eq("topic", "t"), [{ topic: "t" }, { topic: "t" }]);
created("without a key: null", (db) => db.from("sightings").insert({ topic: null, line: "l" }).select(), [{ topic: null, line: "l" }]);
created("nothing but a key", (db) => db.from("signals").insert({ code: "Z" }).select(), [{ code: "Z" }]);
answers("a full text table", (db) => db.from("manuals").insert({ title: "crane", body: "grease the hook" }), {
  status: 201, data: null, error: null,
}, (db) => db.from("manuals").select("title").textSearch("body", "hook", { type: "plain", config: "simple" }), [{ title: "crane" }]);

created("names that want quotes", (db) => db.from("odd table").insert({ "a b": "1", select: 2, 'quo"te': "3", "naïve": "4", "a.b": "5", "x:y": "6", "co,mma": "7", "(p)": "8", "dash-ed": "9", or: "10" })
  .select('id,"a b",select,"quo\\"te","naïve","a.b","x:y","co,mma","(p)","dash-ed",or'), [
  { id: 2, "a b": "1", select: 2, 'quo"te': "3", "naïve": "4", "a.b": "5", "x:y": "6", "co,mma": "7", "(p)": "8", "dash-ed": "9", or: "10" },
]);
created("names that want quotes, as columns=", (db) => db.from("odd table").insert([{ "a b": "1", "co,mma": "2" }, { "(p)": "3", "x:y": "4" }]).select('"a b","co,mma","(p)","x:y"'), [
  { "a b": "1", "co,mma": "2", "(p)": null, "x:y": null }, { "a b": null, "co,mma": null, "(p)": "3", "x:y": "4" },
]);
created("names of other alphabets", (db) => db.from("日本").insert([{ "番号": 3, "名前": "三" }]).select("番号,名前"), [{ "番号": 3, "名前": "三" }]);
created("a name that is a word of SQL", (db) => db.from("order").insert({ group: "z", "odd id": 1 }).select('group,"odd table"("a b")'), [
  { group: "z", "odd table": { "a b": "space" } },
]);
answers("an old ETag is old", async (db, get) => {
  const first = await get("/parcels?select=id&id=gt.3");
  await db.from("parcels").insert({ label: "tea" });
  return get("/parcels?select=id&id=gt.3", { "If-None-Match": first.seen.headers.get("etag") ?? "" });
}, { status: 200, data: [{ id: 4 }, { id: 5 }] });
