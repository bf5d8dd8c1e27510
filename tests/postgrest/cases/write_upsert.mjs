// Rows that may be there already.
import { suite, send } from "../suite.mjs";

const { rows, created, silent, refused, answers } = suite("upsert", "write");
const merged = "resolution=merge-duplicates, return=representation";
const ignored = "resolution=ignore-duplicates, return=representation";
const members = (columns) => (db) => db.from("members").select(columns).order("id");

answers("a new row", (db) => db.from("signals").upsert({ code: "C" }), {
  status: 201, data: null, error: null, text: "", headers: { "content-range": "*/*", "preference-applied": "resolution=merge-duplicates", location: null },
}, (db) => db.from("signals").select().order("code"), [{ code: "A" }, { code: "B" }, { code: "C" }]);
answers("an old row", (db) => db.from("members").upsert({ id: 2, email: "bob@port" }), {
  status: 200, data: null, error: null, text: "", headers: { "preference-applied": "resolution=merge-duplicates" },
}, (db) => db.from("members").select().eq("id", 2), [{ id: 2, email: "bob@port", club: "rowing", number: 2, name: "Bo" }]);
answers("old and new", (db) => db.from("members").upsert([{ id: 9, email: "i@port", name: "I" }, { id: 1, email: "ada@sea", name: "Ada" }]).select(), {
  status: 201, headers: { "preference-applied": merged }, data: [
    { id: 9, email: "i@port", club: null, number: null, name: "I" }, { id: 1, email: "ada@sea", club: "rowing", number: 1, name: "Ada" },
  ],
});
answers("old ones alone", (db) => db.from("members").upsert([{ id: 3, email: "c@sea" }, { id: 1, email: "a@sea" }]).select("id,email,name"), {
  status: 200, headers: { "preference-applied": merged, "content-range": "*/*" },
  data: [{ id: 3, email: "c@sea", name: "Cy" }, { id: 1, email: "a@sea", name: "Ada" }],
});
rows("what is not sent stays, what is null does not", (db) => db.from("members").upsert({ id: 1, email: "ada@port", club: null }).select(), [
  { id: 1, email: "ada@port", club: null, number: 1, name: "Ada" },
]);
refused("what must be there must be sent", (db) => db.from("members").upsert({ id: 1, name: "Z" }), 400, { code: "23502" });
answers("no rows", (db) => db.from("members").upsert([]).select(), { status: 200, data: [], headers: { "content-type": "application/json; charset=utf-8" }, unchanged: true });
answers("no rows, nothing shown", (db) => db.from("members").upsert([]), { status: 200, data: null, error: null, unchanged: true });
answers("counted", (db) => db.from("signals").upsert([{ code: "A" }, { code: "C" }], { count: "exact" }), {
  status: 201, count: 2, headers: { "content-range": "*/2", "preference-applied": "resolution=merge-duplicates, count=exact" },
});
created("nothing but a key", (db) => db.from("signals").upsert([{ code: "A" }, { code: "C" }]).select(), [{ code: "A" }, { code: "C" }]);
rows("nothing but a key, all there", (db) => db.from("signals").upsert([{ code: "A" }, { code: "B" }]).select(), [{ code: "A" }, { code: "B" }]);
created("a key of two columns", (db) => db.from("slots").upsert([{ bay: 1, row: "x", note: "new" }, { bay: 2, row: "y", note: "n" }]).select(), [
  { bay: 1, row: "x", note: "new" }, { bay: 2, row: "y", note: "n" },
], (db) => db.from("slots").select("note").order("bay").order("row"), [{ note: "new" }, { note: "two" }, { note: null }, { note: "n" }]);
rows("without a rowid, computed columns", (db) => db.from("tariffs").upsert({ code: "A", net: 16 }).select(), [{ code: "A", net: 16, vat: 4, gross: 20 }]);
answers("a table without a key", (db) => db.from("sightings").upsert({ topic: "weather", line: "calm" }).select(), {
  status: 201, data: [{ topic: "weather", line: "calm" }], headers: { "preference-applied": "return=representation" },
}, (db) => db.from("sightings").select("line").eq("topic", "weather"), [{ line: "calm" }, { line: "calm" }, { line: "calm" }]);
answers("missing keys have their defaults", (db) => db.from("parcels").upsert([{ id: 1, label: "tomes" }, { label: "tea" }], { defaultToNull: false }).select("id,label,weight"), {
  status: 201, headers: { "preference-applied": "resolution=merge-duplicates, missing=default, return=representation" },
  data: [{ id: 1, label: "tomes", weight: 12.5 }, { id: 5, label: "tea", weight: 1.5 }],
});

answers("on a unique column", (db) => db.from("members").upsert([{ email: "bo@port", name: "Bob" }, { email: "d@port", name: "D" }], { onConflict: "email" }).select("id,email,name"), {
  status: 201, url: /on_conflict=email/, data: [{ id: 2, email: "bo@port", name: "Bob" }, { id: 4, email: "d@port", name: "D" }],
  headers: { "preference-applied": merged },
});
rows("on a unique column that is there", (db) => db.from("members").upsert({ email: "bo@port", name: "Bob" }, { onConflict: "email" }).select("id,name"), [{ id: 2, name: "Bob" }]);
created("on two columns", (db) => db.from("members").upsert([{ club: "rowing", number: 2, email: "bob@sea" }, { club: "sailing", number: 2, email: "d@sea" }], { onConflict: "club,number" }).select("id,email,name"), [
  { id: 2, email: "bob@sea", name: "Bo" }, { id: 4, email: "d@sea", name: null },
]);
rows("on two columns, in another order", (db) => db.from("members").upsert({ club: "sailing", number: 1, email: "c@sea" }, { onConflict: "number,club" }).select("id"), [{ id: 3 }]);
refused("on a column that is not unique", (db) => db.from("members").upsert({ id: 1, email: "x@port", name: "x" }, { onConflict: "name" }), 400, {
  code: "42P10", message: "there is no unique or exclusion constraint matching the ON CONFLICT specification",
});
refused("on a column that is not there", (db) => db.from("members").upsert({ id: 1, email: "x@port" }, { onConflict: "nope" }), 400, { code: "42703" });
refused("what is unique elsewhere", (db) => db.from("members").upsert({ id: 1, email: "bo@port" }), 409, { code: "23505" });
refused("without resolution= it is a conflict", send("POST", "/members?on_conflict=email", { email: "bo@port" }), 409, { code: "23505" });

answers("ignored: new rows alone are shown", (db) => db.from("members").upsert([{ id: 1, email: "x@port" }, { id: 7, email: "g@port" }], { ignoreDuplicates: true }).select("id,email"), {
  status: 201, data: [{ id: 7, email: "g@port" }], headers: { "preference-applied": ignored },
}, members("email"), [{ email: "ada@port" }, { email: "bo@port" }, { email: "cy@port" }, { email: "g@port" }]);
answers("ignored: not a single one is new", (db) => db.from("members").upsert([{ id: 1, email: "x@port" }], { ignoreDuplicates: true }).select(), {
  status: 201, data: [], unchanged: true, headers: { "preference-applied": ignored },
});
created("ignored: nothing but a key", (db) => db.from("signals").upsert([{ code: "A" }, { code: "C" }], { ignoreDuplicates: true }).select(), [{ code: "C" }]);
created("ignored: on a unique column", (db) => db.from("members").upsert([{ email: "bo@port" }, { email: "d@port" }], { ignoreDuplicates: true, onConflict: "email" }).select("email"), [{ email: "d@port" }]);
created("ignored: on two columns", (db) => db.from("members").upsert([{ club: "rowing", number: 1, email: "q@port" }, { club: "rowing", number: 3, email: "r@port" }], { ignoreDuplicates: true, onConflict: "club,number" }).select("email"), [{ email: "r@port" }]);
refused("ignored: what is unique elsewhere is not", (db) => db.from("members").upsert({ id: 9, email: "bo@port" }, { ignoreDuplicates: true }), 409, { code: "23505" });
created("ignored: missing keys have their defaults", (db) => db.from("parcels").upsert([{ id: 1, label: "tomes" }, { label: "tea" }], { ignoreDuplicates: true, defaultToNull: false }).select("id,label,weight"), [
  { id: 5, label: "tea", weight: 1.5 },
]);
answers("ignored: counted", (db) => db.from("signals").upsert([{ code: "A" }, { code: "C" }, { code: "D" }], { ignoreDuplicates: true, count: "exact" }), {
  status: 201, count: 2, headers: { "content-range": "*/2" },
});

rows("with embeds, ordered", (db) => db.from("convoys").upsert([{ id: 1, name: "N" }, { id: 2, name: "S" }]).select("name,ships(name)").order("id", { ascending: false })
  .order("name", { referencedTable: "ships" }), [{ name: "S", ships: [{ name: "Árvakur" }] }, { name: "N", ships: [{ name: "Ever Given" }, { name: "Maersk Ohio" }] }]);
answers("single", (db) => db.from("members").upsert({ id: 1, email: "a@sea" }).select("id,email").single(), { status: 200, data: { id: 1, email: "a@sea" } });
refused("single, of two", (db) => db.from("members").upsert([{ id: 1, email: "a@sea" }, { id: 2, email: "b@sea" }]).select().single(), 406, {
  code: "PGRST116", details: "The result contains 2 rows",
});
silent("names that want quotes", (db) => db.from("odd keys").upsert([{ "a b": "x", "größe": 1, v: "1" }, { "a b": "x", "größe": 2 }], { onConflict: '"a b","größe"' }), 201,
  (db) => db.from("odd keys").select().order("größe"), [{ "a b": "x", "größe": 1, v: "1" }, { "a b": "x", "größe": 2, v: null }]);
