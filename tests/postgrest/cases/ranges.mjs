// limit, offset, Range, counts and what they say.
import { suite } from "../suite.mjs";

const { rows, refused, answers } = suite("ranges and counts");
const ids = (...list) => list.map((id) => ({ id }));
const n = (...list) => list.map((value) => ({ n: value }));
const unsatisfiable = (details) => ({ code: "PGRST103", message: "Requested range not satisfiable", details, hint: null });
const skills = (db, count) => db.from("skills").select("id", { count }).order("id");

answers("a limit", (db) => skills(db).limit(2), { status: 200, data: ids(1, 2), count: null, headers: { "content-range": "0-1/*" } });
answers("a range", (db) => db.from("numbers").select().order("n").range(10, 12), {
  status: 200, data: n(11, 12, 13), headers: { "content-range": "10-12/*" },
});
answers("all, counted", (db) => skills(db, "exact"), { status: 200, data: ids(1, 2, 3), count: 3, headers: { "content-range": "0-2/3" } });
answers("a part, counted", (db) => skills(db, "exact").range(1, 1), {
  status: 206, data: ids(2), count: 3, headers: { "content-range": "1-1/3", "preference-applied": "count=exact" },
});
answers("filters are counted", (db) => skills(db, "exact").gt("id", 1).limit(1), { status: 206, data: ids(2), count: 2 });
answers("max_rows bounds rows but not the count", async (db) => {
  const answer = await db.from("numbers").select("n", { count: "exact" }).order("n");
  return { ...answer, data: [answer.data.length, answer.data[0].n, answer.data.at(-1).n] };
}, { status: 206, data: [1000, 1, 1000], count: 2500, headers: { "content-range": "0-999/2500" } });
answers("a limit beyond max_rows", async (db) => {
  const answer = await db.from("numbers").select("n").limit(2000);
  return { ...answer, data: answer.data.length };
}, { status: 200, data: 1000, headers: { "content-range": "0-999/*" } });
answers("only the count", (db) => db.from("skills").select("*", { count: "exact", head: true }), {
  status: 200, data: null, count: 3, text: "", headers: { "content-range": "0-2/3", "content-type": /^application\/json/ },
});
answers("planned, without a plan to ask", (db) => skills(db, "planned"), { status: 200, count: 3 });
answers("estimated", (db) => skills(db, "estimated"), { status: 200, count: 3, headers: { "preference-applied": "count=estimated" } });
answers("no rows", (db) => db.from("empty").select(), { status: 200, data: [], headers: { "content-range": "*/*" } });
answers("no rows, counted", (db) => db.from("empty").select("*", { count: "exact" }), {
  status: 200, data: [], count: 0, headers: { "content-range": "*/0" },
});
answers("limit 0", (db) => skills(db).limit(0), { status: 200, data: [], headers: { "content-range": "*/*" } });
answers("limit 0, and the offset is ignored", (db) => skills(db, "exact").range(5, 4), { data: [], count: 3, headers: { "content-range": "*/3" } });
answers("an offset beyond the end", (db) => skills(db).range(100, 110), { status: 200, data: [], headers: { "content-range": "*/*" } });
answers("an offset at the end, counted", (db) => skills(db, "exact").range(3, 9), { status: 206, data: [], headers: { "content-range": "*/3" } });
answers("an offset beyond the end, counted", (db) => skills(db, "exact").range(100, 110), {
  status: 416, error: unsatisfiable("An offset of 100 was requested, but there are only 3 rows."), headers: { "content-range": "*/3" },
});
rows("an offset without a limit", (db, get) => get("/skills?select=id&order=id&offset=1"), ids(2, 3));
rows("a limit that is no number is ignored", (db, get) => get("/skills?select=id&order=id&limit=abc"), ids(1, 2, 3));
rows("a negative offset is 0", (db, get) => get("/skills?select=id&order=id&offset=-5"), ids(1, 2, 3));
refused("a negative limit", (db) => skills(db).limit(-1), 416, unsatisfiable("Limit should be greater than or equal to zero."));
answers("the Range header", (db) => skills(db).setHeader("Range", "1-2"), { status: 200, data: ids(2, 3), headers: { "content-range": "1-2/*" } });
answers("with its unit, counted", (db) => skills(db, "exact").setHeader("Range", "0-0").setHeader("Range-Unit", "items"), {
  status: 206, data: ids(1), count: 3, headers: { "content-range": "0-0/3" },
});
rows("an open range", (db) => skills(db).setHeader("Range", "1-"), ids(2, 3));
rows("a range that cannot be read is ignored", (db) => skills(db).setHeader("Range", "x-2"), ids(1, 2, 3));
rows("header and parameters are intersected", (db) => db.from("numbers").select().order("n").range(5, 20).setHeader("Range", "0-7"), n(6, 7, 8));
refused("a range that ends before it begins", (db) => skills(db).setHeader("Range", "1-0"), 416,
  unsatisfiable("The lower boundary must be lower than or equal to the upper boundary in the Range header."));
answers("an offset beyond the end, by HEAD", (db) => db.from("skills").select("*", { count: "exact", head: true }).range(100, 110), {
  status: 416, text: "", headers: { "content-range": "*/3", "proxy-status": /error=PGRST103/ },
});
answers("a range of a HEAD is none", (db) => db.from("skills").select("*", { count: "exact", head: true }).setHeader("Range", "0-0"), {
  status: 200, count: 3, headers: { "content-range": "0-2/3" },
});
