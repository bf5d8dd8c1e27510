// Where SQLite has ways of its own: defaults, keys of any kind, rows that take others with them.
import { suite, send, shown } from "../suite.mjs";

const { rows, created, silent, refused, answers } = suite("corners of writing", "write");
const ids = (...list) => list.map((id) => ({ id }));
const defaults = {
  word: "it's", bare: "bare_word", minus: -5, plus: 2.5, sum: 3, bytes: "\\x00ff", yes: true, day: "2026-01-02", doc: { a: [] }, blank: null, none: null,
};
const names = Object.keys(defaults).join();

created("an empty object has all defaults", (db) => db.from("defaults").insert({}).select(names), [defaults]);
created("what is left out has its default", (db) => db.from("defaults").insert([{ none: "x" }]).select(names), [{ ...defaults, none: "x" }]);
created("missing=default, key by key", (db) => db.from("defaults").insert([{ id: 9, ...Object.fromEntries(Object.keys(defaults).map((name) => [name, null])) }, { id: 10 }], { defaultToNull: false }).select(names).order("id"), [
  Object.fromEntries(Object.keys(defaults).map((name) => [name, null])), defaults,
]);
for (const [name, value] of Object.entries(defaults)) {
  rows(`missing=default in a change: ${name}`, send("PATCH", `/defaults?id=eq.1&columns=${name}&select=${name}`, {}, { Prefer: "missing=default, return=representation" }), [{ [name]: value }]);
}
rows("missing=default in a change: a time", (db, get) => send("PATCH", "/defaults?id=eq.1&columns=stamp&select=stamp", {}, { Prefer: "missing=default, return=representation" })(db, get)
  .then((r) => ({ ...r, data: /^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/.test(r.data?.[0]?.stamp) })), true);
rows("missing=default in an upsert of an old row: what is named has its default", send("POST", "/defaults?columns=id,word,sum,bare&select=id,word,sum,bare,minus", [{ id: 1, sum: 7 }], { Prefer: "resolution=merge-duplicates, missing=default, return=representation" }), [
  { id: 1, word: "it's", sum: 7, bare: "bare_word", minus: 0 },
]);

rows("a key that knows no case is there in another", (db) => db.from("nocase").upsert({ code: "ABC", note: "second" }).select("note"), [{ note: "second" }],
  (db) => db.from("nocase").select("note"), [{ note: "second" }]);
answers("a key that is not sent has its default, which is there", (db) => db.from("seasons").upsert({ note: "second" }).select(), { status: 200, data: [{ code: "summer", note: "second" }] });
refused("a key that knows no case, without an upsert", (db) => db.from("nocase").insert({ code: "aBC" }), 409, { code: "23505" });
rows("a key as text is the same key", (db) => db.from("members").upsert({ id: "1", email: "a@sea" }).select("id,email"), [{ id: 1, email: "a@sea" }]);
rows("a key of bytes: an upsert", (db) => db.from("hashes").upsert({ hash: "\\x00FF", note: "second" }).select(), [{ hash: "\\x00ff", note: "second" }]);
rows("a key of bytes: a change", (db) => db.from("hashes").update({ hash: "\\x01" }).eq("hash", "\\x00ff").select(), [{ hash: "\\x01", note: "first" }]);
rows("a key of bytes: PUT", send("PUT", `/hashes?hash=eq.${encodeURIComponent("\\x00ff")}`, { hash: "\\x00ff", note: "second" }, shown), [{ hash: "\\x00ff", note: "second" }]);
rows("a key of bytes: its Location", async (db, get) => {
  const made = await send("POST", "/hashes", { hash: "\\xdeadbeef" }, { Prefer: "return=headers-only" })(db, get);
  return get((made.seen.headers.get("location") ?? "/api/none").slice("/api".length));
}, [{ hash: "\\xdeadbeef", note: null }]);
created("null is no conflict", (db) => db.from("members").upsert([{ club: "rowing", number: null, email: "x@port" }, { club: "rowing", number: null, email: "y@port" }], { onConflict: "club,number" }).select("email"), [
  { email: "x@port" }, { email: "y@port" },
]);
refused("a unique index of some rows is none to merge on", (db) => db.from("partial").upsert({ a: "x" }, { onConflict: "a" }), 400, { code: "42P10" });
refused("a unique index of an expression is none to merge on", (db) => db.from("partial").upsert({ b: "x" }, { onConflict: "b" }), 400, { code: "42P10" });
refused("a part of a unique key is none to merge on", (db) => db.from("members").upsert({ email: "x@port", club: "rowing" }, { onConflict: "club" }), 400, { code: "42P10" });
refused("a computed column in an upsert", (db) => db.from("tariffs").upsert({ code: "A", gross: 1 }), 400, { code: "428C9" });
refused("a computed column in PUT", send("PUT", "/tariffs?code=eq.A", { code: "A", net: 1, vat: 2 }), 400, { code: "428C9" });
answers("arrays of other types", (db) => db.from("flags").insert({ bools: [true, false, null], reals: "{1.5,-2}", docs: [{ a: 1 }] }).select("bools,reals,docs"), {
  status: 201, data: [{ bools: [true, false, null], reals: [1.5, -2], docs: [{ a: 1 }] }],
});
created("Infinity", (db) => db.from("extremes").insert([{ r: "Infinity" }, { r: "-Infinity" }]).select("r"), [{ r: "Infinity" }, { r: "-Infinity" }]);
created("columns that are called as a rowid", (db) => db.from("rowids").insert({ rowid: "r", oid: "o" }).select(), [{ rowid: "r", oid: "o", _rowid_: null }]);
rows("columns that are called as a rowid: a change", (db) => db.from("rowids").update({ oid: "new" }).eq("rowid", "a").select().order("_rowid_"), [
  { rowid: "a", oid: "new", _rowid_: "c" }, { rowid: "a", oid: "new", _rowid_: "y" },
]);
rows("columns that are called as a rowid: a DELETE", (db) => db.from("rowids").delete().eq("oid", "b").select(), [{ rowid: "a", oid: "b", _rowid_: "c" }],
  (db) => db.from("rowids").select("oid"), [{ oid: "x" }]);
answers("columns are shown in the table's order", send("POST", "/slots", { note: "n", row: "q", bay: 5 }, shown), { status: 201, text: '[{"bay":5,"row":"q","note":"n"}]' });
answers("or in that of select=", send("POST", "/slots?select=note,bay,row", { bay: 5, row: "q", note: "n" }, shown), { status: 201, text: '[{"note":"n","bay":5,"row":"q"}]' });

// Folder 2 is in 1, and 3 in 2; 4 has 1 for a friend.
rows("what goes with others is shown as it was", (db) => db.from("folders").delete().eq("id", 1).select("name,inside:folders!parent_id(name)"), [{ name: "root", inside: [{ name: "sub" }] }],
  (db) => db.from("folders").select("id,friend_id"), [{ id: 4, friend_id: null }]);
answers("what is chosen and goes with others is shown and counted", (db) => db.from("folders").delete({ count: "exact" }).lte("id", 3).select("id").order("id"), {
  status: 200, data: ids(1, 2, 3), count: 3, headers: { "content-range": "*/3" },
}, (db) => db.from("folders").select("id"), ids(4));
answers("what is chosen and goes with others is shown and counted, with an embed", (db) => db.from("folders").delete({ count: "exact" }).lte("id", 3).select("id,in:parent_id(id)").order("id"), {
  status: 200, data: [{ id: 1, in: null }, { id: 2, in: { id: 1 } }, { id: 3, in: { id: 2 } }], count: 3,
});
answers("what is not chosen and goes with others is not", (db) => db.from("folders").delete({ count: "exact" }).eq("id", 2).select("id"), { status: 200, data: ids(2), count: 1 },
  (db) => db.from("folders").select("id").order("id"), ids(1, 4));
rows("of several that lose a friend", (db) => db.from("folders").delete().eq("id", 1).select("id,friends:folders!folders_friend(id)"), [{ id: 1, friends: [{ id: 4 }] }]);
refused("what goes with others, at most so many", (db) => db.from("folders").delete().lte("id", 3).maxAffected(2), 400, { code: "PGRST124", details: "The query affects 3 rows" });

// A trigger that keeps a row as it is keeps it out of the answer.
const keep = async (db) => { await db.from("hostile").insert([{ id: 1, word: "keep" }, { id: 2, word: "free" }]); };
answers("a change that a trigger ignores", async (db) => {
  await keep(db);
  return db.from("hostile").update({ word: "new" }, { count: "exact" }).gt("id", 0).select();
}, { status: 200, data: [{ id: 2, word: "new", crew_id: null }], count: 1, headers: { "content-range": "0-0/1" } }, (db) => db.from("hostile").select("word").order("id"), [{ word: "keep" }, { word: "new" }]);
answers("a DELETE that a trigger ignores", async (db) => {
  await keep(db);
  return db.from("hostile").delete({ count: "exact" }).gt("id", 0).select();
}, { status: 200, data: [{ id: 2, word: "free", crew_id: null }], count: 1, headers: { "content-range": "*/1" } }, (db) => db.from("hostile").select("id"), ids(1));
answers("a DELETE that a trigger ignores, not shown", async (db) => {
  await keep(db);
  return db.from("hostile").delete({ count: "exact" }).gt("id", 0);
}, { status: 204, count: 1 });
refused("a cast that fails in what is shown of a named query", (db) => db.rpc("load_more", { by: 1 }).select("label::int"), 400, { code: "22P02" });
for (const name of ["sqlite_schema", "sqlite_master", "sqlite_sequence", "manuals_data", "articles_index_config"]) {
  refused(`not a table for anybody: ${name}`, send("POST", `/${name}`, { name: "x" }), 404, { code: "PGRST205" });
  refused(`nor to be emptied: ${name}`, send("DELETE", `/${name}?rowid=gt.0`, ""), 404, { code: "PGRST205" });
}

// journal, convoy_ships and members are not served there.
const excluded = suite("tables that are not served", "unfiltered");
excluded.refused("a new row", (db) => db.from("journal").insert({ what: "x" }), 404, { code: "PGRST205" });
excluded.refused("a change", (db) => db.from("members").update({ name: "x" }), 404, { code: "PGRST205" });
excluded.refused("an embed", (db) => db.from("convoys").insert({ name: "x" }).select("convoy_ships(place)"), 400, { code: "PGRST200" });
excluded.answers("a trigger may write there", (db) => db.from("requests").insert({ ship: "Ohio" }).select("ship"), { status: 201, data: [{ ship: "Ohio" }] });
excluded.silent("rows there go with others", (db) => db.from("convoys").delete().eq("id", 1), 204, (db) => db.from("convoys").select("id"), ids(2));
excluded.rows("a view over it is written", (db) => db.from("directory").update({ name: "X" }).eq("id", 1).select("name"), [{ name: "X" }], (db) => db.from("directory").select("name").eq("id", 1), [{ name: "X" }]);
excluded.refused("a foreign key from there is minded", (db) => db.from("ships").delete().eq("id", 4), 409, { code: "23503" });

// Parameters that mean nothing, or something else, to a write.
created("filters of the URL do not filter what is created", send("POST", "/signals?code=eq.A&select=code", [{ code: "Y" }, { code: "Z" }], shown), [{ code: "Y" }, { code: "Z" }]);
created("nor do limits", send("POST", "/signals?limit=1&offset=1&order=code", [{ code: "Y" }, { code: "Z" }], shown), [{ code: "Y" }, { code: "Z" }]);
rows("columns= means nothing to a DELETE", send("DELETE", "/signals?code=eq.A&columns=nope", "", shown), [{ code: "A" }]);
silent("columns= means nothing to PUT", send("PUT", "/slots?bay=eq.1&row=eq.x&columns=nope", { bay: 1, row: "x", note: "n" }), 204);
refused("an empty object, one of none", (db) => db.from("slots").update({}).eq("bay", 1).select().single(), 406, { code: "PGRST116", details: "The result contains 0 rows" });
refused("on_conflict= that holds nothing", send("POST", "/members?on_conflict=", { id: 1, email: "x" }, { Prefer: "resolution=merge-duplicates" }), 400, { code: "PGRST100" });
answers("on_conflict= where there is no key", (db) => db.from("badges").upsert([{ number: 1, holder: "Bo" }, { number: 2, holder: "Cy" }], { onConflict: "number" }).select(), {
  status: 201, data: [{ number: 1, holder: "Bo" }, { number: 2, holder: "Cy" }],
  headers: { "preference-applied": "resolution=merge-duplicates, return=representation" },
});
answers("the count of PUT is applied, and not said", send("PUT", "/signals?code=eq.A", { code: "A" }, { Prefer: "count=exact, return=minimal" }), {
  status: 204, headers: { "preference-applied": "return=minimal, count=exact" },
});
refused("a number beyond a double", send("POST", "/kinds", '{"real":1e400}'), 400, { code: "22003" });
created("numbers as JSON writes them", send("POST", "/kinds?select=real,num", [{ real: 1, num: 2 }], shown), [{ real: 1, num: 2 }]);
created("numbers with exponents", send("POST", "/kinds?select=real,num,text", '{"real":25e-1,"num":1E2,"text":1E2}', shown), [{ real: 2.5, num: 100, text: "1E2" }]);
answers("an upsert says 200 for text that is the same key", (db) => db.from("slots").upsert([{ bay: "1", row: "x", note: "n" }]), { status: 200, error: null });
answers("fields of an embed are chosen by its columns, not by what is written", (db) => db.from("parcels").update({ ship_id: null }).eq("id", 1).select("id,ships(id)"), { status: 200, data: [{ id: 1, ships: null }] });
answers("an inner embed that has none leaves its row out of what is shown alone", (db) => db.from("parcels").update({ note: "x" }).gte("id", 3).select("id,ships!inner(id)").order("id"), {
  status: 200, data: [{ id: 3, ships: { id: 2 } }],
}, (db) => db.from("parcels").select("id").eq("note", "x").order("id"), ids(3, 4));
answers("what is not JSON in a JSON column stays what it is", (db) => db.from("docs").update({ doc: { v: 1 } }).eq("id", 9).select("doc"), { status: 200, data: [{ doc: { v: 1 } }] });
