// sum, avg, min, max, count: where they are allowed, and where not.
import { suite } from "../suite.mjs";

const allowed = suite("aggregates", "aggregates");
const { rows, refused } = allowed;

rows("how many", (db) => db.from("ships").select("count()"), [{ count: 5 }]);
rows("under another name", (db) => db.from("ships").select("cnt:count()"), [{ cnt: 5 }]);
rows("as text", (db) => db.from("ships").select("count()::text"), [{ count: "5" }]);
rows("as it was once written", (db) => db.from("ships").select("count"), [{ count: 5 }]);
rows("of a column: not NULL", (db) => db.from("ships").select("built.count()"), [{ count: 4 }]);
rows("sum", (db) => db.from("ships").select("tonnage.sum()"), [{ sum: 370700 }]);
rows("min and max", (db) => db.from("ships").select("built.min(),built.max()"), [{ min: 1962, max: 2018 }]);
rows("min of text", (db) => db.from("ships").select("name.min()"), [{ min: "Ever Given" }]);
rows("avg of integers is no integer", (db) => db.from("piers").select("length.avg()").eq("port_id", 1), [{ avg: 375 }]);
rows("avg, rounded", (db) => db.from("crew_skills").select("level.avg()::int").in("level", [2, 3]), [{ avg: 3 }]);
rows("two names", (db) => db.from("ships").select("first:built.min(),last:built.max()"), [{ first: 1962, last: 2018 }]);
rows("sum of no rows", (db) => db.from("ships").select("tonnage.sum(),count()").eq("id", 99), [{ sum: null, count: 0 }]);
rows("what else is selected makes groups", (db) => db.from("ships").select("home_id,count(),tonnage.sum()").order("home_id"), [
  { home_id: 1, count: 1, sum: 50000 }, { home_id: 2, count: 2, sum: 320000 }, { home_id: 3, count: 1, sum: 700 },
  { home_id: null, count: 1, sum: null },
]);
rows("groups under other names, downwards", (db) => db.from("ships").select("port:home_id,count()").order("home_id", { ascending: false }).limit(2), [
  { port: null, count: 1 }, { port: 3, count: 1 },
]);
rows("of a path, cast before and after", (db) => db.from("ports").select("s:facts->cranes->>sts::integer.sum()::text"), [{ s: "159" }]);
rows("a filter comes first", (db) => db.from("ships").select("count()").gt("built", 2000), [{ count: 2 }]);
rows("an embed makes groups, too", (db) => db.from("ships").select("home_id,total:tonnage.sum(),ports(name)").not("home_id", "is", null).order("home_id"), [
  { home_id: 1, total: 50000, ports: { name: "Rotterdam" } }, { home_id: 2, total: 320000, ports: { name: "横浜" } },
  { home_id: 3, total: 700, ports: { name: "Reykjavík" } },
]);
rows("within an embed: for each parent", (db) => db.from("ports").select("id,ships(tonnage.sum(),tonnage.max(),count())").in("id", [2, 4]).order("id"), [
  { id: 2, ships: [{ sum: 320000, max: 220000, count: 2 }] }, { id: 4, ships: [{ sum: null, max: null, count: 0 }] },
]);
rows("groups within an embed", (db) => db.from("ports").select("id,ships(built,count())").eq("id", 2).order("built", { referencedTable: "ships" }), [
  { id: 2, ships: [{ built: 1999, count: 1 }, { built: 2018, count: 1 }] },
]);
rows("in a to-one spread: of the rows around it", (db) => db.from("ships").select("...ports(country_code,count())").not("home_id", "is", null).order("ports(country_code)"), [
  { country_code: "IS", count: 1 }, { country_code: "JP", count: 2 }, { country_code: "NL", count: 1 },
]);
rows("grouped by what is spread", (db) => db.from("ships").select("tonnage.sum(),...ports(country_code)").order("ports(country_code)"), [
  { sum: 700, country_code: "IS" }, { sum: 320000, country_code: "JP" }, { sum: 50000, country_code: "NL" }, { sum: null, country_code: null },
]);
rows("grouped by a boolean", (db) => db.from("ports").select("free,count()").order("free"), [
  { free: false, count: 2 }, { free: true, count: 2 }, { free: null, count: 1 },
]);
allowed.answers("64 bits", (db) => db.from("ports").select("traffic.max()"), { text: '[{"max":9223372036854775807}]' });
refused("in a to-many spread", (db) => db.from("ports").select("id,...ships(tonnage.sum())"), 400, {
  code: "PGRST127", message: "Feature not implemented",
  details: "Aggregates are not implemented for one-to-many or many-to-many spreads.", hint: null,
});
refused("the sum of texts", (db) => db.from("ships").select("name.sum()"), 404, { code: "42883", message: "function sum(text) does not exist" });
refused("an unknown column", (db) => db.from("ships").select("nope.sum()"), 400, { code: "42703" });
refused("an unknown function", (db) => db.from("ships").select("built.median()"), 400, { code: "PGRST100" });

const off = suite("aggregates that are off");
const refusal = { code: "PGRST123", message: "Use of aggregate functions is not allowed", details: null };
off.refused("sum", (db) => db.from("ships").select("tonnage.sum()"), 400, refusal);
off.refused("count", (db) => db.from("ships").select("count()"), 400, refusal);
off.refused("within an embed", (db) => db.from("ports").select("id,ships(tonnage.max())"), 400, refusal);
off.refused("in a to-one spread", (db) => db.from("ships").select("...ports(id.count())"), 400, refusal);
off.refused("in a to-many spread", (db) => db.from("ports").select("...ships(id.count())"), 400, refusal);
