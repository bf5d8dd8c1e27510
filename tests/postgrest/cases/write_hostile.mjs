// What might hurt others: failures half way, ends of transactions, and many at once.
import { suite, send, shown } from "../suite.mjs";

const { rows, created, silent, refused, answers } = suite("hostile writes", "write");
const words = (table) => (db) => db.from(table).select("word").order("id");
const statuses = (results) => ({ data: results.map((result) => result.status), error: results.find(({ status }) => status >= 500)?.error ?? null });

// An error after the rows were written undoes them.
refused("a cast that fails in what is shown of an insert", (db) => db.from("parcels").insert({ label: "tea" }).select("label::int"), 400, { code: "22P02" });
refused("a cast that fails in what is shown of an upsert", (db) => db.from("members").upsert({ id: 1, email: "x" }).select("email::int"), 400, { code: "22P02" });
refused("a cast that fails in what is shown of a change", (db) => db.from("parcels").update({ note: "x" }).eq("id", 1).select("note::int"), 400, { code: "22P02" });
refused("a cast that fails in what is shown of a DELETE", (db) => db.from("parcels").delete().eq("id", 1).select("label::int"), 400, { code: "22P02" });
refused("a cast that fails in what is shown of a PUT", send("PUT", "/signals?code=eq.Z&select=code::int", { code: "Z" }, shown), 400, { code: "22P02" });
refused("a cast that fails in an embed", (db) => db.from("parcels").insert({ label: "tea", ship_id: 1 }).select("ships(name::int)"), 400, { code: "22P02" });
refused("aggregates, where they are off", (db) => db.from("parcels").update({ note: "x" }).eq("id", 1).select("weight.sum()"), 400, { code: "PGRST123" });
refused("a plan", send("POST", "/signals", { code: "Z" }, { Accept: "application/vnd.pgrst.plan+json", ...shown }), 406, { code: "PGRST107" });

const trigger = (message) => ({ code: "P0001", message });
refused("RAISE(FAIL) keeps no row before it", (db) => db.from("hostile").insert([{ word: "a" }, { word: "fail" }]), 400, trigger("it fails"));
refused("RAISE(ROLLBACK) ends nobody's transaction", (db) => db.from("hostile").insert([{ word: "a" }, { word: "rollback" }]), 400, trigger("it rolls back"));
answers("RAISE(IGNORE) leaves its row out", (db) => db.from("hostile").insert([{ word: "a" }, { word: "ignore" }, { word: "b" }], { count: "exact" }).select("word"), {
  status: 201, count: 2, data: [{ word: "a" }, { word: "b" }],
}, words("hostile"), [{ word: "a" }, { word: "b" }]);
answers("a row that its trigger takes away again", (db) => db.from("hostile").insert({ word: "gone" }), { status: 201, error: null }, words("hostile"), []);
refused("ON CONFLICT FAIL keeps no row before it", (db) => db.from("failing").insert([{ word: "new" }, { word: "old" }]), 409, { code: "23505" });
refused("ON CONFLICT FAIL, by a change of several", async (db) => {
  return db.from("failing").update({ word: "same" }).gt("id", 0).maxAffected(0);
}, 400, { code: "PGRST124" });
refused("ON CONFLICT ROLLBACK ends nobody's transaction", (db) => db.from("rolling").insert([{ word: "new" }, { word: "old" }]), 409, { code: "23505" });
answers("ON CONFLICT IGNORE leaves its row out", (db) => db.from("ignoring").insert([{ word: "new" }, { word: "old" }], { count: "exact" }).select("word"), {
  status: 201, count: 1, data: [{ word: "new" }],
}, words("ignoring"), [{ word: "old" }, { word: "new" }]);
answers("ON CONFLICT REPLACE takes the old one's place", (db) => db.from("replacing").insert({ id: 2, word: "old", note: "second" }), { status: 201, error: null },
  (db) => db.from("replacing").select(), [{ id: 2, word: "old", note: "second" }]);
silent("the next one after each of them succeeds", async (db) => {
  await db.from("hostile").insert([{ word: "a" }, { word: "fail" }]);
  await db.from("hostile").insert([{ word: "a" }, { word: "rollback" }]);
  await db.from("rolling").insert([{ word: "new" }, { word: "old" }]);
  await db.from("failing").insert([{ word: "new" }, { word: "old" }]);
  return db.from("hostile").insert({ word: "good" });
}, 201, words("hostile"), [{ word: "good" }]);
silent("no key left is the business of that table alone", async (db, get) => {
  await send("POST", "/parcels", '{"id":9223372036854775807}')(db, get);
  const full = await db.from("parcels").insert({ label: "one more" });
  if (full.status < 400) return full;
  return db.from("signals").insert({ code: "Z" });
}, 201, (db) => db.from("parcels").select("label", { count: "exact", head: true }).eq("label", "one more"), null);

answers("fifty at once", async (db) => {
  const results = await Promise.all(Array.from({ length: 50 }, (_, i) => db.from("hostile").insert({ word: `w${i}` }).select("id").single()));
  return { data: new Set(results.map(({ data }) => data?.id)).size, error: results.find(({ error }) => error)?.error ?? null };
}, { data: 50, error: null }, (db) => db.from("hostile").select("id", { count: "exact" }).limit(1), [{ id: 1 }]);
answers("fifty at once, and one in five is hostile", async (db) => {
  const bad = ["fail", "rollback"];
  return statuses(await Promise.all(Array.from({ length: 50 }, (_, i) => db.from("hostile").insert([{ word: `w${i}` }, { word: i % 5 === 4 ? bad[i % 2] : `v${i}` }]))));
}, { data: Array.from({ length: 50 }, (_, i) => (i % 5 === 4 ? 400 : 201)), error: null }, async (db) => {
  const { data, error } = await db.from("hostile").select("word");
  return { data: [data?.length, new Set(data?.map(({ word }) => word)).size], error };
}, [80, 80]);
answers("fifty at once, and one in five fails at the end", async (db) =>
  statuses(await Promise.all(Array.from({ length: 50 }, (_, i) => db.from("shifts").insert({ crane_id: i % 5 === 4 ? 99 : 2 })))),
{ data: Array.from({ length: 50 }, (_, i) => (i % 5 === 4 ? 409 : 201)), error: null }, async (db) => {
  const { data, error } = await db.from("shifts").select("crane_id").eq("crane_id", 2);
  return { data: data?.length, error };
}, 40);
answers("one key, twenty times at once: one is first", async (db) => {
  const results = await Promise.all(Array.from({ length: 20 }, () => db.from("signals").insert({ code: "Z" })));
  return { data: results.map(({ status }) => status).sort(), error: null };
}, { data: [201, ...Array.from({ length: 19 }, () => 409)] });
answers("one counter, by upserts at once: all are answered", async (db) => {
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => db.from("slots").upsert({ bay: 9, row: "z", note: `n${i}` })));
  return { data: results.map(({ status }) => status).sort(), error: null };
}, { data: [...Array.from({ length: 19 }, () => 200), 201] }, (db) => db.from("slots").select("bay").eq("bay", 9), [{ bay: 9 }]);
rows("what was answered is seen at once", async (db) => {
  const missed = [];
  for (let id = 100; id < 140; id++) {
    await db.from("hostile").insert({ id, word: "x" });
    const { data } = await db.from("hostile").select("id").eq("id", id);
    if (data?.length !== 1) missed.push(id);
  }
  return { status: 200, error: null, data: missed };
}, []);

// Odd, but none of it an error of ours.
const sane = (name, request) => answers(name, async (...with_) => {
  const { status } = await request(...with_);
  return { data: status === 201 || (status >= 400 && status < 500) ? "answered" : status };
}, { data: "answered" });
answers("a NUL in text is refused, or kept", async (db) => {
  const { data, error, status } = await db.from("kinds").insert({ text: "a\0b" }).select("text").single();
  return { data: status === 400 ? "refused" : data?.text, error: status === 400 ? null : error };
}, { data: /^(refused|a\0b)$/ });
refused("half a surrogate", send("POST", "/kinds", '{"text":"a\\ud83d"}'), 400, {});
refused("the other half", send("POST", "/kinds", '{"text":"\\udea2a"}'), 400, {});
sane("JSON that is nested deep", send("POST", "/kinds", `{"json":${"[".repeat(900)}${"]".repeat(900)}}`));
sane("JSON that is nested too deep", send("POST", "/kinds", `{"json":${"[".repeat(100000)}${"]".repeat(100000)}}`));
sane("a thousand keys that are none", send("POST", "/kinds", Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]))));
sane("an empty key", send("POST", "/kinds", { "": 1 }));
sane("a key of SQL", send("POST", "/kinds", { 'text") VALUES (1); --': 1 }));
sane("a key with a NUL", send("POST", "/kinds", { "text\0": 1 }));
sane("an upsert into a view", (db) => db.from("directory").upsert({ id: 1, name: "x", email: "x" }));
sane("PUT into a view", send("PUT", "/directory?id=eq.1", { id: 1, name: "x", email: "x" }));
sane("rows of a full text table, shown", (db) => db.from("manuals").insert({ title: "t", body: "b" }).select());
created("a key twice: the last counts", send("POST", "/signals", '{"code":"Y","code":"Z"}', shown), [{ code: "Z" }]);
created("columns= says a name twice", send("POST", "/signals?columns=code,code", { code: "Z" }, shown), [{ code: "Z" }]);
created("a key in capitals", send("POST", "/signals", { CODE: "Z" }, shown), [{ code: "Z" }]);
answers("a change of a full text table", (db) => db.from("manuals").update({ body: "paint it" }).eq("title", "anchor"), { status: 204, error: null, headers: { "content-range": "0-0/*" } },
  (db) => db.from("manuals").select("body").eq("title", "anchor"), [{ body: "paint it" }]);
answers("a DELETE of a full text table", (db) => db.from("manuals").delete({ count: "exact" }).eq("title", "anchor"), { status: 204, count: 1 },
  (db) => db.from("manuals").select("title"), [{ title: "winch" }]);
rows("a Range header limits no change", send("PATCH", "/parcels?id=gt.1&select=id&order=id", { note: "x" }, { Range: "0-0", ...shown }), [{ id: 2 }, { id: 3 }, { id: 4 }]);
created("ordered by what is embedded", (db) => db.from("parcels").insert([{ label: "a", ship_id: 1 }, { label: "b", ship_id: 2 }, { label: "c", ship_id: 4 }]).select("label,ships(name)").order("ships(name)"), [
  { label: "b", ships: { name: "Ever Given" } }, { label: "a", ships: { name: "Maersk Ohio" } }, { label: "c", ships: { name: "Árvakur" } },
]);
