// -> and ->> in select, filters and order.
import { suite } from "../suite.mjs";

const { rows, refused, answers } = suite("JSON paths");
const ports = (select) => (db) => db.from("ports").select(select).order("id");
const doc = (select) => (db) => db.from("docs").select(select).eq("id", 1);
const ids = (...list) => list.map((id) => ({ id }));

rows("a key as JSON; its name is the key", ports("facts->unlocode"), [
  { unlocode: "NLRTM" }, { unlocode: "JPYOK" }, { unlocode: null }, { unlocode: null }, { unlocode: null },
]);
rows("a key as text", ports("id,facts->>unlocode"), [
  { id: 1, unlocode: "NLRTM" }, { id: 2, unlocode: "JPYOK" }, { id: 3, unlocode: null }, { id: 4, unlocode: null },
  { id: 5, unlocode: null },
]);
rows("numbers and booleans stay what they are under ->", (db) => db.from("ports").select("facts->cranes->sts,facts->green").eq("id", 1), [
  { sts: 120, green: true },
]);
rows("and are text under ->>", (db) => db.from("ports").select("facts->cranes->>sts,facts->>green").eq("id", 1), [
  { sts: "120", green: "true" },
]);
rows("an object as text", (db) => db.from("docs").select("doc->>x").eq("id", 1).maybeSingle(), { x: '{"y":[{"z":null},{"z":"deep"}]}' });
rows("an index; the name is that of the key before", (db) => db.from("ports").select("facts->cranes->rail->0").eq("id", 1), [{ rail: 4 }]);
rows("a negative index", (db) => db.from("ports").select("facts->cranes->rail->-1").eq("id", 1), [{ rail: 6 }]);
rows("an index that is not there", (db) => db.from("ports").select("facts->cranes->rail->3").eq("id", 1), [{ rail: null }]);
rows("an index at once; the name is the column's", ports("facts->0"), [
  { facts: null }, { facts: null }, { facts: 10 }, { facts: null }, { facts: null },
]);
rows("a key behind an index", (db) => db.from("ports").select("facts->2->>deep").eq("id", 3), [{ deep: "yes" }]);
rows("far down", doc("doc->x->y->1->>z"), [{ z: "deep" }]);
rows("other names", (db) => db.from("ports").select("code:facts->>unlocode").eq("id", 2), [{ code: "JPYOK" }]);
rows("keys in quotes", doc('doc->"a b",doc->>"a.b",doc->"quo\\"te"'), [{ "a b": 1, "a.b": "2", 'quo"te': 3 }]);
rows("a key that starts with a digit", (db) => db.from("docs").select("doc->1a").eq("id", 10), [{ "1a": 1 }]);
rows("a key of digits, in quotes", (db) => db.from("docs").select('doc->"12"').eq("id", 10), [{ 12: 2 }]);
rows("digits are an index", (db) => db.from("docs").select("doc->12").eq("id", 10), [{ doc: null }]);
rows("a key with a dash", (db) => db.from("docs").select("doc->>a-b").eq("doc->a-b", 3), [{ "a-b": "3" }]);
rows("a key of other letters", doc("doc->>日本"), [{ 日本: "言葉" }]);
answers("all digits of a number", doc("doc->big"), { text: '[{"big":9007199254740993}]' });
rows("the same as text", doc("doc->>big"), [{ big: "9007199254740993" }]);
rows("the key of a text column", (db) => db.from("ports").select("name->x").eq("id", 1), [{ x: null }]);
rows("a path through what is no JSON", (db) => db.from("docs").select("doc->v").eq("id", 9), [{ v: null }]);
rows("null within JSON is not NULL", (db) => db.from("ports").select("id").is("facts->note", null).order("id"), ids(1, 3, 4, 5));
rows("but it is as text", (db) => db.from("ports").select("id").is("facts->>note", null).order("id"), ids(1, 2, 3, 4, 5));
rows("a filter on text", (db) => db.from("ports").select("id").eq("facts->>unlocode", "JPYOK"), ids(2));
rows("as text 39 is more than 100", (db) => db.from("ports").select("id").gt("facts->cranes->>sts", 100).order("id"), ids(1, 2));
rows("as JSON it is not", (db) => db.from("ports").select("id").gt("facts->cranes->sts", 100), ids(1));
rows("equal as JSON", (db) => db.from("ports").select("id").eq("facts->cranes", '{"rail":[],"sts":39.0}'), ids(2));
rows("a whole column, equal as JSON", (db) => db.from("ports").select("id").eq("facts", '"just text"'), ids(5));
rows("in a list", (db) => db.from("ports").select("id").in("facts->>unlocode", ["NLRTM", "JPYOK"]).order("id"), ids(1, 2));
rows("like", (db) => db.from("ports").select("id").like("facts->>unlocode", "JP%"), ids(2));
rows("within or", (db) => db.from("ports").select("id").or("facts->>unlocode.eq.NLRTM,facts->0.eq.10").order("id"), ids(1, 3));
rows("an index in a filter", (db) => db.from("ports").select("id").eq("facts->cranes->rail->>1", "5"), ids(1));
rows("a quoted key in a filter", (db) => db.from("docs").select("id").eq('doc->>"a b"', "1"), ids(1));
rows("ordered as JSON: text, numbers, booleans, arrays, objects",
  (db) => db.from("docs").select("id").gte("id", 2).lte("id", 8).order("doc->v"), ids(2, 3, 5, 4, 6, 7, 8));
rows("ordered as text, missing ones last", (db) => db.from("ports").select("id").order("facts->>unlocode").order("id"), ids(2, 1, 3, 4, 5));
rows("JSON holds JSON", (db) => db.from("ports").select("id").contains("facts", { green: true }), ids(1));
rows("and deeper", (db) => db.from("ports").select("id").contains("facts", { cranes: { sts: 39 } }), ids(2));
rows("arrays in it are sets", (db) => db.from("ports").select("id").contains("facts", { tags: ["rail"], cranes: { rail: [6, 4] } }), ids(1));
rows("an array holds a value", (db) => db.from("ports").select("id").contains("facts", "[20]"), ids(3));
rows("JSON within JSON", (db) => db.from("ports").select("id").containedBy("facts", '[{"deep":"yes","x":1},20,10,0]'), ids(3));
rows("what a path leads to holds", (db) => db.from("ports").select("id").contains("facts->tags", '["deep"]'), ids(1));
refused("a filter that is no JSON", (db) => db.from("ports").select("id").eq("facts", "{oops"), 400, {
  code: "22P02", message: "invalid input syntax for type json",
});
refused("a key that is none", (db, get) => get("/ports?select=facts-%3E(x"), 400, {
  code: "PGRST100",
  message: '"failed to parse select parameter (facts->(x)" (line 1, column 8)',
  details: 'unexpected "(" expecting "-", digit or any non reserved character different from: .,>()',
});
refused("an index that is none", (db, get) => get("/ports?select=facts-%3E%3E--34"), 400, {
  code: "PGRST100", message: '"failed to parse select parameter (facts->>--34)" (line 1, column 10)',
  details: 'unexpected "-" expecting digit',
});
