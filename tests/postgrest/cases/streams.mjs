// Answers without a bound, in pieces.
import { suite } from "../suite.mjs";

const { answers } = suite("streams", "unbounded");
const ends = (list) => [list.length, list[0], list.at(-1)];

answers("all rows for the client", async (db) => {
  const answer = await db.from("numbers").select("n").order("n");
  return { ...answer, data: ends(answer.data) };
}, { status: 200, error: null, data: [2500, { n: 1 }, { n: 2500 }], headers: { "content-length": null, "content-type": "application/json; charset=utf-8" } });
answers("counted", async (db) => {
  const answer = await db.from("numbers").select("n", { count: "exact" }).order("n");
  return { ...answer, data: ends(answer.data) };
}, { status: 200, data: [2500, { n: 1 }, { n: 2500 }], count: 2500, headers: { "content-range": "0-2499/2500" } });
answers("counted, a part", async (db) => {
  const answer = await db.from("numbers").select("n", { count: "exact" }).order("n").range(100, 2299);
  return { ...answer, data: ends(answer.data) };
}, { status: 206, data: [2200, { n: 101 }, { n: 2300 }], count: 2500, headers: { "content-range": "100-2299/2500" } });
answers("CSV", async (db) => {
  const answer = await db.from("numbers").select("n").order("n").csv();
  return { ...answer, data: ends(answer.data.split("\n")) };
}, { status: 200, data: [2501, "n", "2500"] });
answers("NDJSON", async (db, get) => {
  const answer = await get("/numbers?order=n", { Accept: "application/x-ndjson" });
  return { ...answer, data: ends(answer.data.split("\n")) };
}, { status: 200, data: [2501, '{"n":1}', ""], headers: { "content-length": null } });
answers("with embeds", async (db) => {
  const answer = await db.from("ports").select("id,ships(*),voyages!from_id(*,ships(*))").order("id");
  return { ...answer, data: ends(answer.data.map(({ id }) => id)) };
}, { status: 200, data: [5, 1, 5] });
answers("a small answer leaves whole", (db) => db.from("skills").select("id").eq("id", 1), {
  status: 200, data: [{ id: 1 }], headers: { "content-length": "10", "content-range": "0-0/*" },
});
answers("one row of many is refused", (db) => db.from("numbers").select().single(), { status: 406, error: { code: "PGRST116" } });
answers("HEAD", (db) => db.from("numbers").select("*", { count: "exact", head: true }), { status: 200, data: null, count: 2500, text: "" });
answers("compressed", async (db, get) => {
  const answer = await get("/numbers?order=n", { "Accept-Encoding": "gzip" });
  return { ...answer, data: ends(answer.data) };
}, { status: 200, data: [2500, { n: 1 }, { n: 2500 }] });
