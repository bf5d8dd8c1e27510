// Prefer: what writing makes of it, and Preference-Applied.
import { suite, send } from "../suite.mjs";

const { silent, refused, answers } = suite("preferences", "write");
const ids = (...list) => list.map((id) => ({ id }));
const applied = (name, method, path, body, prefer, said) =>
  answers(name, send(method, path, body, { Prefer: prefer }), { headers: { "preference-applied": said }, error: null });
const tooMany = (count) => ({
  code: "PGRST124", message: "Query result exceeds max-affected preference constraint", details: `The query affects ${count} rows`, hint: null,
});

applied("all of POST, in their order", "POST", "/members?columns=id,email", [{ id: 1, email: "a@sea" }],
  "timezone=Europe/Berlin, handling=lenient, count=exact, return=representation, missing=default, resolution=merge-duplicates",
  "resolution=merge-duplicates, missing=default, return=representation, count=exact, handling=lenient, timezone=Europe/Berlin");
applied("all of PATCH", "PATCH", "/parcels?id=eq.1", { note: "x" },
  "max-affected=5, handling=strict, count=exact, return=minimal, missing=null", "missing=null, return=minimal, count=exact, handling=strict, max-affected=5");
applied("PATCH has no resolution", "PATCH", "/parcels?id=eq.1", { note: "x" }, "resolution=merge-duplicates, return=minimal", "return=minimal");
applied("DELETE has neither resolution nor missing", "DELETE", "/parcels?id=eq.1", "", "resolution=ignore-duplicates, missing=default, return=minimal", "return=minimal");
applied("PUT has neither, either", "PUT", "/signals?code=eq.A", { code: "A" }, "resolution=ignore-duplicates, missing=default, return=minimal", "return=minimal");
applied("POST has no max-affected", "POST", "/signals", { code: "Z" }, "handling=strict, max-affected=0", "handling=strict");
applied("of a write the first of a kind counts", "POST", "/signals", { code: "Z" }, "return=minimal, return=representation", "return=minimal");
applied("what nobody knows is not applied", "POST", "/signals", { code: "Z" }, "anything, return=else, return=minimal", "return=minimal");
answers("nothing is said of nothing", send("POST", "/signals", { code: "Z" }), { status: 201, headers: { "preference-applied": null } });
refused("strict, and something that nobody knows", send("POST", "/signals", { code: "Z" }, { Prefer: "return=representation, handling=strict, anything" }), 400, {
  code: "PGRST122", message: "Invalid preferences given with handling=strict", details: "Invalid preferences: anything", hint: null,
});
refused("strict, in a change", send("PATCH", "/parcels?id=eq.1", { note: "x" }, { Prefer: "handling=strict, foo, bar" }), 400, { code: "PGRST122", details: "Invalid preferences: foo, bar" });
refused("strict, in a DELETE", send("DELETE", "/parcels?id=eq.1", "", { Prefer: "handling=strict, foo" }), 400, { code: "PGRST122" });
refused("strict, after a key that is no column", send("POST", "/signals", { nope: "Z" }, { Prefer: "handling=strict, foo" }), 400, { code: "PGRST204" });
refused("no such time zone", send("POST", "/signals", { code: "Z" }, { Prefer: "handling=strict, timezone=Atlantis" }), 400, {});

answers("at most so many: a change of fewer", (db) => db.from("parcels").update({ note: "x" }).eq("ship_id", 1).maxAffected(2), {
  status: 204, error: null, headers: { "preference-applied": "handling=strict, max-affected=2" },
}, (db) => db.from("parcels").select("id").eq("note", "x").order("id"), ids(1, 2));
refused("at most so many: a change of more", (db) => db.from("parcels").update({ note: "x" }).eq("ship_id", 1).maxAffected(1), 400, tooMany(2));
refused("at most so many: none", (db) => db.from("parcels").update({ note: "x" }).eq("id", 1).select().maxAffected(0), 400, tooMany(1));
silent("at most none, and there is none", (db) => db.from("parcels").update({ note: "x" }).eq("id", 99).maxAffected(0), 204);
answers("at most so many: a DELETE of fewer", (db) => db.from("parcels").delete().gt("id", 2).select("id").order("id").maxAffected(2), {
  status: 200, data: ids(3, 4), headers: { "preference-applied": "return=representation, handling=strict, max-affected=2" },
});
refused("at most so many: a DELETE of more", (db) => db.from("parcels").delete().gt("id", 1).maxAffected(2), 400, tooMany(3));
answers("at most so many, lenient, means nothing", send("DELETE", "/parcels?id=gt.1", "", { Prefer: "handling=lenient, max-affected=1" }), {
  status: 204, headers: { "preference-applied": "handling=lenient" },
}, (db) => db.from("parcels").select("id"), ids(1));
answers("at most so many, alone, means nothing", send("PATCH", "/parcels?id=gt.0", { note: "x" }, { Prefer: "max-affected=1" }), { status: 204, headers: { "preference-applied": null } });

answers("rollback means nothing where clients do not choose", (db) => db.from("signals").insert({ code: "Z" }).select().rollback(), {
  status: 201, data: [{ code: "Z" }], headers: { "preference-applied": "return=representation" },
}, (db) => db.from("signals").select().eq("code", "Z"), [{ code: "Z" }]);

const override = suite("rollback", "override");
const undone = "return=representation, tx=rollback";
override.answers("an insert", (db) => db.from("parcels").insert({ label: "tea" }).select("id,label").rollback(), {
  status: 201, data: [{ id: 5, label: "tea" }], headers: { "preference-applied": undone }, unchanged: true,
});
override.answers("an insert, not shown", (db) => db.from("parcels").insert({ label: "tea" }, { count: "exact" }).rollback(), {
  status: 201, data: null, count: 1, headers: { "preference-applied": "count=exact, tx=rollback" }, unchanged: true,
});
override.answers("an upsert", (db) => db.from("members").upsert({ id: 1, email: "a@sea" }).select("email,name").rollback(), {
  status: 200, data: [{ email: "a@sea", name: "Ada" }], headers: { "preference-applied": `resolution=merge-duplicates, ${undone}` }, unchanged: true,
});
override.answers("a change", (db) => db.from("parcels").update({ note: "x" }).gt("id", 0).select("id,note").order("id").rollback(), {
  status: 200, data: [1, 2, 3, 4].map((id) => ({ id, note: "x" })), headers: { "preference-applied": undone, "content-range": "0-3/*" }, unchanged: true,
});
override.answers("a DELETE", (db) => db.from("convoys").delete().eq("id", 1).select("name").rollback(), {
  status: 200, data: [{ name: "north" }], headers: { "preference-applied": undone }, unchanged: true,
});
override.answers("PUT", send("PUT", "/signals?code=eq.Z", { code: "Z" }, { Prefer: undone }), {
  status: 201, data: [{ code: "Z" }], headers: { "preference-applied": undone }, unchanged: true,
});
override.answers("a named query", (db) => db.rpc("hire", { name: "x" }).rollback(), { status: 200, data: 6, headers: { "preference-applied": "tx=rollback" }, unchanged: true });
override.answers("a read", (db) => db.from("signals").select().eq("code", "A").rollback(), { status: 200, data: [{ code: "A" }], headers: { "preference-applied": "tx=rollback" } });
override.refused("an error says nothing of it", (db) => db.from("signals").insert({ code: "A" }).rollback(), 409, { code: "23505" });
override.refused("a foreign key that is checked at the end is checked", (db) => db.from("shifts").insert({ crane_id: 99 }).select().rollback(), 409, { code: "23503" });
override.answers("commit", send("POST", "/signals", { code: "Z" }, { Prefer: "return=representation, tx=commit" }), {
  status: 201, data: [{ code: "Z" }], headers: { "preference-applied": "return=representation, tx=commit" },
}, (db) => db.from("signals").select().eq("code", "Z"), [{ code: "Z" }]);
override.answers("neither", (db) => db.from("signals").insert({ code: "Z" }), { status: 201, headers: { "preference-applied": null } },
  (db) => db.from("signals").select().eq("code", "Z"), [{ code: "Z" }]);
