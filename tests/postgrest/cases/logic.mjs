// and=, or=, not.
import { suite } from "../suite.mjs";

const { rows, refused } = suite("logic");
const ids = (...list) => list.map((id) => ({ id }));
const ships = (condition) => (db) => db.from("ships").select("id").or(condition).order("id");
const texts = (condition) => (db) => db.from("texts").select("id").or(condition).order("id");

rows("or", ships("id.eq.1,built.lt.1970"), ids(1, 4));
rows("and within or", ships("id.eq.5,and(built.gt.1990,built.lt.2000)"), ids(3, 5));
rows("or within and within or", ships("and(or(id.eq.1,id.eq.2),tonnage.gt.100000),id.eq.4"), ids(2, 4));
rows("and=", (db, get) => get("/ships?select=id&and=(built.gt.1990,built.lt.2010)&order=id"), ids(1, 3));
rows("not.and=", (db, get) => get("/ships?select=id&not.and=(built.gt.1990,built.lt.2010)&order=id"), ids(2, 4));
rows("not.or=", (db, get) => get("/ships?select=id&not.or=(id.eq.1,id.eq.2)&order=id"), ids(3, 4, 5));
rows("not within", ships("not.and(id.gt.1,id.lt.5)"), ids(1, 5));
rows("not before an operator", ships("id.not.lt.4,id.eq.1"), ids(1, 4, 5));
rows("one condition", ships("id.eq.3"), ids(3));
rows("two or= are both", (db) => db.from("ships").select("id").or("id.eq.1,id.eq.2").or("id.eq.2,id.eq.3"), ids(2));
rows("or= beside a filter", (db) => db.from("ships").select("id").or("id.eq.1,id.eq.2").gt("tonnage", 100000), ids(2));
rows("blanks", ships(" id.eq.1 , id.eq.2 "), ids(1, 2));
rows("in", ships("id.in.(1,2),id.in.(4)"), ids(1, 2, 4));
rows("in with quotes", texts('t.in.("a,b","c\\"d"),id.eq.1'), ids(1, 3, 7));
rows("is null", ships("built.is.null,built.gt.2010"), ids(2, 5));
rows("like with a star", ships("name.like.Ever*,name.ilike.*dutch*"), ids(2, 5));
rows("eq any", ships("id.eq(any).{1,3},id.eq.5"), ids(1, 3, 5));
rows("an array", (db) => db.from("ports").select("id").or("langs.cs.{nl},langs.ov.{ja,de}").order("id"), ids(1, 2));
rows("values in quotes are unquoted", texts('t.eq."a",t.eq."a,b"'), ids(1, 3));
rows("parentheses in quotes", texts('t.eq."a)b("'), ids(4));
rows("quotes in quotes", texts('t.eq."\\"a\\""'), ids(2));
rows("a backslash in quotes", texts('t.eq."back\\\\slash"'), ids(6));
rows("dots in values", (db) => db.from("ports").select("id").or("depth.eq.18.5,depth.eq.7.0").order("id"), ids(2, 5));
rows("an empty value", texts('t.eq."",id.eq.1'), ids(1, 5));
rows("isdistinct", (db) => db.from("ports").select("id").or("country_code.isdistinct.NL,id.eq.1").order("id"), ids(1, 2, 3, 5));
rows("a name in quotes", ships('"built".eq.2006,"name".eq."Ever Given"'), ids(1, 2));
rows("NULL is neither within not", ships("not.or(built.gt.2000)"), ids(3, 4));
refused("nothing", (db) => db.from("ships").select("id").or("()"), 400, {
  code: "PGRST100", message: /^"failed to parse logic tree \(\(\(\)\)\)" \(line 1, column \d\)$/,
});
refused("empty parentheses", (db, get) => get("/ships?or=()"), 400, {
  code: "PGRST100", message: /^"failed to parse logic tree \(\(\)\)" \(line 1, column \d\)$/,
  details: 'unexpected ")" expecting field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, or)',
  hint: null,
});
refused("no end", (db, get) => get("/ships?or=(id.eq.1"), 400, { code: "PGRST100" });
refused("an unknown column", ships("id.eq.1,bilt.eq.2"), 400, { code: "42703", message: "column ships.bilt does not exist" });
refused("an unknown operator", ships("id.eq.1,id.is_not.2"), 400, { code: "PGRST100" });
