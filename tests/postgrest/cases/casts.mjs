// column::type
import { suite } from "../suite.mjs";

const { rows, refused, answers } = suite("casts");
const cast = (column, type) => (db) => db.from("ports").select(`v:${column}::${type}`).order("id");
const values = (...list) => list.map((v) => ({ v }));

rows("integer to text", cast("id", "text"), values("1", "2", "3", "4", "5"));
rows("64 bits to text", cast("traffic", "text"),
  values("9007199254740993", "9223372036854775807", "-9223372036854775808", null, "0"));
rows("real to text: whole ones without a point", cast("depth", "text"), values("24", "18.5", "12.25", null, "7"));
rows("boolean to text", cast("free", "text"), values("true", "true", "false", null, "false"));
rows("real to integer rounds half to even", cast("depth", "int"), values(24, 18, 12, null, 7));
rows("numeric to integer rounds half away from zero", cast("fee", "integer"), values(1235, 10, 0, null, 100));
rows("integer to boolean", (db) => db.from("port_counts").select("v:ports::bool").eq("country_code", "NL"), values(true));
rows("boolean to integer", cast("free", "int4"), values(1, 1, 0, null, 0));
rows("text to varchar", cast("name", "varchar"),
  values("Rotterdam", "横浜", "Reykjavík", "Delfzijl", 'Ghost "port", (old)'));
rows("a type of two words", (db, get) => get("/ports?select=v:id::double%20precision&id=eq.3"), values(3));
rows("integer to float8 and numeric", (db) => db.from("ships").select("a:built::float8,b:built::numeric").eq("id", 1), [
  { a: 2006, b: 2006 },
]);
rows("dates are as they are", (db) => db.from("ports").select("a:opened::date,b:opened::text").eq("id", 2), [
  { a: "1859-06-02", b: "1859-06-02" },
]);
rows("text that is a number", (db) => db.from("ports").select("v:facts->cranes->>sts::int").eq("id", 1), values(120));
rows("text to JSON", (db) => db.from("docs").select("v:doc->>v::json").in("id", [4, 7]).order("id"), values(10, [1]));
rows("JSON to text", (db) => db.from("ports").select("v:facts::text").eq("id", 3), values('[10,20,{"deep":"yes"}]'));
answers("the name stays", (db) => db.from("skills").select("id::text").eq("id", 1), { text: '[{"id":"1"}]' });
rows("text to boolean", (db) => db.from("docs").select("v:doc->>v::boolean").eq("id", 6), values(true));
rows("a quoted name", (db) => db.from("odd table").select('"select"::text'), [{ select: "7" }]);
refused("text that is no number", cast("name", "int"), 400, {
  code: "22P02", message: 'invalid input syntax for type integer: "Rotterdam"',
});
refused("text that is no boolean", cast("name", "boolean"), 400, {
  code: "22P02", message: 'invalid input syntax for type boolean: "Rotterdam"',
});
refused("text that is no JSON", cast("name", "json"), 400, { code: "22P02", message: "invalid input syntax for type json" });
refused("a real is no boolean", cast("depth", "bool"), 400, { code: "42846", message: /^cannot cast type (real|double precision) to boolean$/ });
refused("a blob is no integer", cast("stamp", "int"), 400, { code: "42846", message: "cannot cast type bytea to integer" });
refused("an unknown type", cast("id", "nope"), 400, { code: "42704", message: 'type "nope" does not exist' });
refused("a type that is none for a parser", (db, get) => get("/ports?select=id::"), 400, { code: "PGRST100" });
refused("no casts in filters", (db, get) => get("/ports?id::text=eq.1"), 400, { code: "PGRST100" });
