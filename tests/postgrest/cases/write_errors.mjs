// What the database refuses. Each leaves everything as it was.
import { suite, send } from "../suite.mjs";

const { rows, created, silent, refused, answers } = suite("constraints", "write");

refused("a key that is there", (db) => db.from("members").insert({ id: 1, email: "x@port" }), 409, { code: "23505", message: /UNIQUE constraint failed: members\.id/ });
refused("a unique column", (db) => db.from("members").insert({ email: "ada@port" }), 409, { code: "23505", message: /UNIQUE constraint failed: members\.email/ });
refused("two columns that are unique together", (db) => db.from("members").insert({ email: "x@port", club: "rowing", number: 1 }), 409, {
  code: "23505", message: /UNIQUE constraint failed: members\.club, members\.number/,
});
refused("a key of two columns", (db) => db.from("slots").insert({ bay: 1, row: "x" }), 409, { code: "23505" });
refused("a key without a rowid", (db) => db.from("tariffs").insert({ code: "A", net: 1 }), 409, { code: "23505" });
refused("a key of text", (db) => db.from("signals").insert([{ code: "Z" }, { code: "A" }]), 409, { code: "23505" });
refused("unique, by a change", (db) => db.from("members").update({ email: "bo@port" }).eq("id", 1), 409, { code: "23505" });
refused("unique, by a change of several", (db) => db.from("members").update({ email: "same@port" }).lt("id", 3), 409, { code: "23505" });
refused("NOT NULL, null", (db) => db.from("cranes").insert({ name: null }), 400, { code: "23502", message: /NOT NULL constraint failed: cranes\.name/ });
refused("NOT NULL, nothing", (db) => db.from("cranes").insert({ load: 1 }), 400, { code: "23502" });
refused("NOT NULL, by a change", (db) => db.from("cranes").update({ name: null }).eq("id", 1), 400, { code: "23502" });
refused("CHECK", (db) => db.from("cranes").insert({ name: "x" }), 400, { code: "23514", message: /CHECK constraint failed/ });
refused("CHECK with a name", (db) => db.from("cranes").insert({ name: "xx", load: 501 }), 400, { code: "23514", message: /CHECK constraint failed: cranes_load/ });
refused("CHECK, by a change of several", (db) => db.from("cranes").update({ load: -1 }).gt("id", 0), 400, { code: "23514" });
created("CHECK that holds at its bound", (db) => db.from("cranes").insert({ name: "xx", load: 500 }).select("load"), [{ load: 500 }]);
refused("a foreign key, none there", (db) => db.from("cranes").insert({ name: "xx", port_id: 99 }), 409, { code: "23503", message: /FOREIGN KEY constraint failed/ });
refused("a foreign key, by a change", (db) => db.from("cranes").update({ port_id: 99 }).eq("id", 1), 409, { code: "23503" });
refused("a foreign key of two columns", (db) => db.from("moorings").insert({ port_id: 1, pier_number: 9 }), 409, { code: "23503" });
refused("a foreign key, in the last of several", (db) => db.from("cranes").insert([{ name: "xx", port_id: 1 }, { name: "yy", port_id: 99 }]), 409, { code: "23503" });
refused("what others refer to", (db) => db.from("ports").delete().eq("id", 1), 409, { code: "23503" });
refused("what others refer to, by a change of its key", (db) => db.from("ports").update({ id: 100 }).eq("id", 1), 409, { code: "23503" });
refused("a foreign key that is checked at the end", (db) => db.from("shifts").insert({ crane_id: 99 }), 409, { code: "23503" });
refused("a foreign key that is checked at the end, shown", (db) => db.from("shifts").insert({ crane_id: 99 }).select(), 409, { code: "23503" });
refused("what is checked at the end, by a DELETE", (db) => db.from("cranes").delete().eq("id", 1), 409, { code: "23503" });
created("after one that failed at the end the next succeeds", async (db) => {
  await db.from("shifts").insert({ crane_id: 99 });
  return db.from("shifts").insert({ crane_id: 2 }).select("id,cranes(name)");
}, [{ id: 2, cranes: { name: "Samson" } }], (db) => db.from("shifts").select("id", { count: "exact" }), [{ id: 1 }, { id: 2 }]);
created("its own row may be referred to", (db) => db.from("crew").insert({ id: 9, name: "Own", chief_id: 9 }).select("id,chief_id"), [{ id: 9, chief_id: 9 }]);

answers("a trigger that writes elsewhere", (db) => db.from("requests").insert({ ship: "Ohio" }), { status: 201, data: null },
  (db) => db.from("journal").select("what"), [{ what: "new Ohio" }]);
created("a trigger that changes the row afterwards", (db) => db.from("requests").insert({ ship: "Ohio" }).select("id,ship,state"), [{ id: 3, ship: "Ohio", state: "new" }],
  (db) => db.from("requests").select("stamp").eq("id", 3), [{ stamp: "seen" }]);
answers("the trigger's rows are not counted", (db) => db.from("requests").insert([{ ship: "a" }, { ship: "b" }], { count: "exact" }), { status: 201, count: 2 },
  (db) => db.from("journal").select("what").order("id"), [{ what: "new a" }, { what: "new b" }]);
answers("a trigger of a change", (db) => db.from("requests").update({ state: "open" }, { count: "exact" }).eq("id", 1), { status: 204, count: 1, headers: { "content-range": "0-0/1" } },
  (db) => db.from("journal").select("what"), [{ what: "Árvakur new to open" }]);
answers("a trigger of a DELETE", (db) => db.from("requests").delete({ count: "exact" }).eq("id", 1), { status: 204, count: 1 },
  (db) => db.from("journal").select("what"), [{ what: "no Árvakur" }]);
refused("a trigger that refuses", (db) => db.from("requests").insert({ ship: "pirate" }), 400, { code: "P0001", message: "pirates are not served", details: null });
refused("a trigger that refuses the second row", (db) => db.from("requests").insert([{ ship: "Ohio" }, { ship: "pirate" }]), 400, { code: "P0001" });
refused("a trigger that refuses a DELETE", (db) => db.from("requests").delete().gt("id", 0), 400, { code: "P0001", message: "what is done stays" });
refused("a trigger that chooses the status", (db) => db.from("requests").insert({ ship: "poor" }), 402, { message: /^(PT402: ?)?pay first$/ });
silent("after all that a row is written", async (db) => {
  await db.from("requests").insert({ ship: "pirate" });
  await db.from("members").insert({ email: "ada@port" });
  await db.from("cranes").insert({ name: "x" });
  return db.from("signals").insert({ code: "Z" });
}, 201, (db) => db.from("signals").select().eq("code", "Z"), [{ code: "Z" }]);
rows("rows that go with others", (db) => db.from("convoys").delete().eq("id", 2).select("id"), [{ id: 2 }], (db) => db.from("convoy_ships").select("convoy_id").eq("convoy_id", 2), []);
answers("an error says what it is in a header", send("POST", "/signals", { code: "A" }), {
  status: 409, headers: { "content-type": /json/, "proxy-status": /error=23505/, "preference-applied": null, location: null },
});
