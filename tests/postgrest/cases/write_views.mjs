// Views: what their INSTEAD OF triggers take.
import { suite, send, shown } from "../suite.mjs";

const { created, rows, refused, answers } = suite("views", "write");
const closed = { code: "55000" };
const members = (columns) => (db) => db.from("members").select(columns).order("id");

answers("a new row", (db) => db.from("directory").insert({ name: "D", email: "d@port" }), { status: 201, data: null, error: null, text: "" },
  (db) => db.from("members").select().eq("name", "D"), [{ id: 4, email: "d@port", club: "guests", number: null, name: "D" }]);
created("a new row, shown", (db) => db.from("directory").insert({ id: 8, name: "H", email: "h@port" }).select("id,name"), [{ id: 8, name: "H" }]);
created("several rows", (db) => db.from("directory").insert([{ id: 8, name: "H", email: "h@port" }, { id: 9, name: "I", email: "i@port" }]).select("name"), [{ name: "H" }, { name: "I" }],
  (db) => db.from("directory").select("id").gt("id", 3).order("id"), [{ id: 8 }, { id: 9 }]);
answers("a change", (db) => db.from("directory").update({ name: "Ada L." }).eq("id", 1), { status: 204, data: null, headers: { "content-range": "0-0/*" } },
  members("name,email"), [{ name: "Ada L.", email: "ada@port" }, { name: "Bo", email: "bo@port" }, { name: "Cy", email: "cy@port" }]);
rows("a change, shown", (db) => db.from("directory").update({ name: "X" }).in("id", [1, 2]).select("id,name,email").order("id"), [
  { id: 1, name: "X", email: "ada@port" }, { id: 2, name: "X", email: "bo@port" },
]);
answers("a DELETE", (db) => db.from("directory").delete({ count: "exact" }).eq("name", "Bo"), { status: 204, count: 1, headers: { "content-range": "*/1" } },
  members("id"), [{ id: 1 }, { id: 3 }]);
rows("a DELETE, shown", (db) => db.from("directory").delete().eq("id", 3).select("id,name,email"), [{ id: 3, name: "Cy", email: "cy@port" }], members("id"), [{ id: 1 }, { id: 2 }]);
refused("what is below refuses", (db) => db.from("directory").insert({ name: "D", email: "ada@port" }), 409, { code: "23505" });
refused("NOT NULL below", (db) => db.from("directory").update({ email: null }).eq("id", 1), 400, { code: "23502" });
refused("a column that is below, but not in it", (db) => db.from("directory").insert({ name: "D", email: "d@port", club: "x" }), 400, {
  code: "PGRST204", message: "Could not find the 'club' column of 'directory' in the schema cache",
});
refused("without a filter", (db) => db.from("directory").update({ name: "X" }), 400, { code: "21000" });
answers("one for new rows alone: a new row", (db) => db.from("inbox").insert({ topic: "t", line: "l" }), { status: 201, data: null },
  (db) => db.from("sightings").select("line").eq("topic", "t"), [{ line: "> l" }]);
refused("one for new rows alone: a change", (db) => db.from("inbox").update({ line: "x" }).eq("topic", "cargo"), 405, closed);
refused("one for new rows alone: a DELETE", (db) => db.from("inbox").delete().eq("topic", "cargo"), 405, closed);
refused("one that takes nothing: a new row", (db) => db.from("heavy").insert({ label: "x" }), 405, closed);
refused("one that takes nothing: a change", (db) => db.from("heavy").update({ label: "x" }).eq("id", 1), 405, closed);
refused("one that takes nothing: a DELETE", (db) => db.from("heavy").delete().eq("id", 1), 405, closed);
refused("one that takes nothing: an upsert", (db) => db.from("heavy").upsert({ id: 1, label: "x" }), 405, closed);
rows("what was written below is seen in them", async (db) => {
  await db.from("parcels").update({ weight: 1 }).eq("id", 1);
  return db.from("heavy").select("id");
}, [{ id: 3 }]);

const options = (path) => (db, get) => get(path, {}, "OPTIONS");
const allows = (name, path, allow) => answers(`OPTIONS: ${name}`, options(path), { status: 200, headers: { allow, "access-control-allow-origin": "*" } });
allows("a table", "/parcels", "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE");
allows("a table without a key", "/sightings", "OPTIONS,GET,HEAD,POST,PATCH,DELETE");
allows("a table without a rowid", "/tariffs", "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE");
allows("a view that takes everything", "/directory", /^OPTIONS,GET,HEAD,POST,(PUT,)?PATCH,DELETE$/);
allows("a view that takes new rows", "/inbox", "OPTIONS,GET,HEAD,POST");
allows("a view that takes nothing", "/heavy", "OPTIONS,GET,HEAD");
answers("a preflight", (db, get) => get("/parcels", { Origin: "https://shop.example", "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "prefer,content-type" }, "OPTIONS"), {
  status: 200, headers: {
    "access-control-allow-origin": "*", "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD",
    "access-control-allow-headers": /^Authorization, .*prefer.*content-type/i,
  },
});
answers("a write for a page", send("POST", "/signals", { code: "Z" }, { Origin: "https://shop.example", Prefer: "return=headers-only" }), {
  status: 201, headers: { "access-control-allow-origin": "*", "access-control-expose-headers": /Location/, location: "/api/signals?code=eq.Z" },
});
answers("a refusal for a page", send("POST", "/signals", { code: "A" }, { Origin: "https://shop.example", ...shown }), { status: 409, headers: { "access-control-allow-origin": "*" } });

const plain = suite("read-only");
const readOnly = { hint: /--write/ };
plain.refused("POST", (db) => db.from("skills").insert({ name: "x" }), 405, readOnly);
plain.refused("an upsert", (db) => db.from("skills").upsert({ id: 1, name: "x" }), 405, readOnly);
plain.refused("PATCH", (db) => db.from("skills").update({ name: "x" }).eq("id", 1), 405, readOnly);
plain.refused("DELETE", (db) => db.from("skills").delete().eq("id", 1), 405, readOnly);
plain.refused("PUT", send("PUT", "/skills?id=eq.1", { id: 1, name: "x" }), 405, readOnly);
plain.answers("OPTIONS", options("/skills"), { status: 200, headers: { allow: "OPTIONS,GET,HEAD" } });
