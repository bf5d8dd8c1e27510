// Rows that go.
import { suite, send, shown } from "../suite.mjs";

const { rows, silent, refused, answers } = suite("delete", "write");
const ids = (...list) => list.map((id) => ({ id }));
const parcels = (db) => db.from("parcels").select("id").order("id");
const notOne = (count) => ({ code: "PGRST116", message: "Cannot coerce the result to a single JSON object", details: `The result contains ${count} rows`, hint: null });

answers("one row", (db) => db.from("parcels").delete().eq("id", 1), {
  status: 204, error: null, data: null, count: null, text: "", headers: { "content-type": null, "content-range": "*/*", "preference-applied": null },
}, parcels, ids(2, 3, 4));
answers("shown and counted", (db) => db.from("parcels").delete({ count: "exact" }).eq("id", 2).select(), {
  status: 200, count: 1, data: [{ id: 2, label: "lamps", weight: 3, fragile: true, note: "up", ship_id: 1 }],
  headers: { "content-range": "*/1", "content-type": "application/json; charset=utf-8", "preference-applied": "return=representation, count=exact" },
}, parcels, ids(1, 3, 4));
answers("counted", (db) => db.from("parcels").delete({ count: "exact" }).in("id", [1, 2, 99]), { status: 204, count: 2, headers: { "content-range": "*/2", "preference-applied": "count=exact" } }, parcels, ids(3, 4));
answers("none", (db) => db.from("parcels").delete().eq("id", 99), { status: 204, data: null, headers: { "content-range": "*/*" }, unchanged: true });
answers("none, shown", (db) => db.from("parcels").delete().eq("id", 99).select(), { status: 200, data: [], text: "[]", headers: { "content-range": "*/*" }, unchanged: true });
answers("none, counted", (db) => db.from("parcels").delete({ count: "exact" }).eq("id", 99), { status: 204, count: 0, headers: { "content-range": "*/0" } });
rows("renamed and cast", (db) => db.from("parcels").delete().eq("id", 3).select("no:id::text,what:label"), [{ no: "3", what: "rope" }]);
rows("where or", (db) => db.from("parcels").delete().or("weight.is.null,fragile.is.true").select("id").order("id"), ids(2, 4), parcels, ids(1, 3));
rows("where like", (db) => db.from("parcels").delete().like("label", "%o%").select("id").order("id"), ids(1, 3), parcels, ids(2, 4));
rows("where JSON", (db) => db.from("docs").delete().eq("doc->>v", "s").select("id"), ids(3));
rows("ordered", (db) => db.from("parcels").delete().gt("id", 1).select("id").order("label", { ascending: false }), ids(4, 3, 2));
rows("a limit limits nothing", (db) => db.from("parcels").delete().gt("id", 1).select("id").order("id").limit(1), ids(2, 3, 4), parcels, ids(1));
rows("a parent", (db) => db.from("parcels").delete().eq("id", 3).select("id,ship:ships(name)"), [{ id: 3, ship: { name: "Ever Given" } }]);
rows("children that go as well are shown", (db) => db.from("convoys").delete().eq("id", 1).select("name,convoy_ships(place),ships(name)")
  .order("place", { referencedTable: "convoy_ships" }).order("name", { referencedTable: "ships" }),
  [{ name: "north", convoy_ships: [{ place: 1 }, { place: 2 }], ships: [{ name: "Ever Given" }, { name: "Maersk Ohio" }] }],
  (db) => db.from("convoy_ships").select("convoy_id,ship_id"), [{ convoy_id: 2, ship_id: 4 }]);
rows("embeds, ordered from above", (db) => db.from("convoys").delete().lt("id", 3).select("id,ships(name)").order("id", { ascending: false }).order("name", { referencedTable: "ships" }), [
  { id: 2, ships: [{ name: "Árvakur" }] }, { id: 1, ships: [{ name: "Ever Given" }, { name: "Maersk Ohio" }] },
]);
rows("one to one", (db) => db.from("offices").delete().eq("port_id", 2).select("phone,ports(name)"), [{ phone: "+81", ports: { name: "横浜" } }]);
rows("one that refers to its own table", (db) => db.from("crew_skills").delete().eq("crew_id", 4).select("level,crew(name,chief:chief_id(name))"), [
  { level: 1, crew: { name: "Dmitri", chief: { name: "Björk" } } },
]);
rows("many to many", (db) => db.from("crew_skills").delete().eq("crew_id", 1).select("skills(name)").order("level"), [{ skills: { name: "cooking" } }, { skills: { name: "navigation" } }]);
rows("a key of two columns", (db) => db.from("slots").delete().match({ bay: 1, row: "x" }).select(), [{ bay: 1, row: "x", note: "one" }],
  (db) => db.from("slots").select("bay,row").order("bay"), [{ bay: 1, row: "y" }, { bay: 2, row: "x" }]);
rows("without a key: all twins", (db) => db.from("sightings").delete().eq("line", "calm").select(), [{ topic: "weather", line: "calm" }, { topic: "weather", line: "calm" }],
  (db) => db.from("sightings").select("topic"), [{ topic: "cargo" }]);
rows("without a rowid", (db) => db.from("tariffs").delete().eq("code", "B").select(), [{ code: "B", net: 10.5, vat: 2.625, gross: 13.125 }]);
rows("where a computed column is", (db) => db.from("tariffs").delete().gt("gross", 10).select("code"), [{ code: "B" }]);
silent("names that want quotes", (db) => db.from("odd table").delete().eq('"co,mma"', "none"), 204);
rows("a name of another alphabet", (db) => db.from("日本").delete().eq("名前", "一").select("番号"), [{ "番号": 1 }]);
rows("CSV", (db) => db.from("parcels").delete().eq("id", 1).select("id,label").csv(), "id,label\n1,books");
rows("single", (db) => db.from("parcels").delete().eq("id", 1).select("id").single(), { id: 1 });
refused("single, of several", (db) => db.from("parcels").delete().gt("id", 1).select().single(), 406, notOne(3));
refused("single, of none", (db) => db.from("parcels").delete().eq("id", 99).select().single(), 406, notOne(0));
refused("an object without return=, of several", send("DELETE", "/parcels?id=gt.1", "", { Accept: "application/vnd.pgrst.object+json" }), 406, notOne(3));
rows("maybeSingle, of none", (db) => db.from("parcels").delete().eq("id", 99).select().maybeSingle(), null);
silent("a body means nothing", send("DELETE", "/parcels?id=eq.1", '{"oops'), 204, parcels, ids(2, 3, 4));
answers("select= without return=", send("DELETE", "/parcels?id=eq.1&select=id", "", { Prefer: "return=minimal" }), {
  status: 204, text: "", headers: { "content-type": null, "preference-applied": "return=minimal" },
});
answers("gone is gone", async (db) => {
  await db.from("parcels").delete().eq("id", 1);
  return db.from("parcels").delete().eq("id", 1).select();
}, { status: 200, data: [] });
answers("a thousand in a list", (db) => db.from("numbers").delete({ count: "exact" }).in("n", Array.from({ length: 1000 }, (_, i) => i + 1)), {
  status: 204, count: 1000, headers: { "content-range": "*/1000" },
}, (db) => db.from("numbers").select("n").order("n").limit(1), [{ n: 1001 }]);
refused("a table that is not there", (db) => db.from("nowhere").delete().eq("id", 1), 404, { code: "PGRST205" });
refused("a filter that is no column", (db) => db.from("parcels").delete().eq("nope", 1), 400, { code: "42703" });
refused("a shown column that is none", (db) => db.from("parcels").delete().eq("id", 1).select("nope"), 400, { code: "42703" });
refused("what others refer to", (db) => db.from("crew").delete().eq("id", 1), 409, { code: "23503" });
refused("without a filter", (db) => db.from("parcels").delete(), 400, { code: "21000", message: "DELETE requires a WHERE clause" });
refused("with a limit alone", send("DELETE", "/parcels?limit=1&order=id", "", shown), 400, { code: "21000" });

const unfiltered = suite("delete", "unfiltered");
unfiltered.answers("a whole table, where that is allowed", (db) => db.from("parcels").delete({ count: "exact" }), { status: 204, count: 4, headers: { "content-range": "*/4" } }, parcels, []);
unfiltered.rows("a whole table, shown", (db) => db.from("signals").delete().select().order("code"), [{ code: "A" }, { code: "B" }]);
