// One filter at a time.
import { suite } from "../suite.mjs";

const ids = (...list) => list.map((id) => ({ id }));
// The ids of the rows that a filter finds, in order.
const ports = (filter) => (db) => filter(db.from("ports").select("id")).order("id");
const texts = (filter) => (db) => filter(db.from("texts").select("id")).order("id");
const ships = (filter) => (db) => filter(db.from("ships").select("id")).order("id");

{
  const { rows, refused } = suite("comparisons");
  rows("eq, an integer", ships((q) => q.eq("built", 2018)), ids(2));
  rows("neq; NULL is neither", ships((q) => q.neq("built", 2018)), ids(1, 3, 4));
  rows("gt", ships((q) => q.gt("tonnage", 50000)), ids(2, 3));
  rows("gte", ships((q) => q.gte("tonnage", 50000)), ids(1, 2, 3));
  rows("lt", ships((q) => q.lt("tonnage", 50000)), ids(4));
  rows("lte", ships((q) => q.lte("tonnage", 50000)), ids(1, 4));
  rows("a text", ports((q) => q.eq("name", "Reykjavík")), ids(3));
  rows("texts are compared byte by byte", ships((q) => q.gte("name", "a")), ids(3, 4));
  rows("a real", ports((q) => q.gt("depth", 12.25)), ids(1, 2));
  rows("a real that is written as an integer", ports((q) => q.eq("depth", 24)), ids(1));
  rows("a numeric", ports((q) => q.lte("fee", "10.00")), ids(2, 3));
  rows("the last digit of 64 bits counts", ports((q) => q.eq("traffic", "9007199254740993")), ids(1));
  rows("no neighbour of it is equal", ports((q) => q.eq("traffic", "9007199254740992")), []);
  rows("beside the greatest integer", ports((q) => q.gt("traffic", "9223372036854775806")), ids(2));
  rows("a date", ports((q) => q.gte("opened", "1859-06-02").lt("opened", "2026-01-31")), ids(2, 3));
  rows("a boolean", ports((q) => q.eq("free", true)), ids(1, 2));
  for (const word of ["t", "TRUE", "yes", "y", "on", "1"]) rows(`true as ${word}`, ports((q) => q.eq("free", word)), ids(1, 2));
  for (const word of ["false", "f", "no", "off", "0"]) rows(`false as ${word}`, ports((q) => q.eq("free", word)), ids(3, 5));
  rows("a blob as hex", ports((q) => q.eq("stamp", "\\x00ff10")), ids(2));
  rows("an array as a literal", ports((q) => q.eq("langs", "{nl,en}")), ids(1));
  rows("several filters of one column", ships((q) => q.gt("built", 1990).lt("built", 2010)), ids(1, 3));
  rows("match, which is several eq", ships((q) => q.match({ home_id: 2, built: 1999 })), ids(3));
  rows("a filter on what is not selected", (db) => db.from("ships").select("name").eq("id", 4), [{ name: "Árvakur" }]);
  rows("a filter of a view by its own name", (db) => db.from("harbours").select("harbour").eq("land", "JP"), [{ harbour: "横浜" }]);
  rows("filter(), any operator", ships((q) => q.filter("built", "lt", 1990)), ids(4));
  rows("infinity", (db) => db.from("extremes").select("id").eq("r", "-Infinity"), ids(3));
  rows("beside the greatest real", (db) => db.from("extremes").select("id").gte("r", "1.7976931348623157e308").order("id"), ids(2, 5));
  rows("the least real", (db) => db.from("extremes").select("id").eq("r", "5e-324"), ids(4));
  rows("a column of no type: a number", (db) => db.from("extremes").select("id").eq("anything", 1), ids(1));
  rows("a column of no type: a text", (db) => db.from("extremes").select("id").eq("anything", "text"), ids(2));
  rows("an expression of a view", (db) => db.from("computed").select("id").eq("name", "Ever Given!"), ids(2));
  rows("a count of a view", (db) => db.from("port_counts").select("country_code").gt("ports", 1), [{ country_code: "NL" }]);
  refused("a literal that is no integer", ships((q) => q.eq("built", "abc")), 400, {
    code: "22P02", message: 'invalid input syntax for type integer: "abc"',
  });
  refused("an integer with a fraction", ships((q) => q.eq("built", 1.5)), 400, {
    code: "22P02", message: 'invalid input syntax for type integer: "1.5"',
  });
  refused("no bigint", ports((q) => q.eq("traffic", "x")), 400, { code: "22P02", message: 'invalid input syntax for type bigint: "x"' });
  refused("beyond 64 bits", ports((q) => q.eq("traffic", "9223372036854775808")), 400, {
    code: "22003", message: 'value "9223372036854775808" is out of range for type bigint',
  });
  refused("no boolean", ports((q) => q.eq("free", "maybe")), 400, {
    code: "22P02", message: 'invalid input syntax for type boolean: "maybe"',
  });
  refused("no number", ports((q) => q.gt("depth", "deep")), 400, { code: "22P02", message: /^invalid input syntax for type (real|double precision): "deep"$/ });
  refused("an unknown column", ships((q) => q.eq("bilt", 1)), 400, { code: "42703", message: "column ships.bilt does not exist" });
  refused("no operator", (db, get) => get("/ships?id=0"), 400, {
    code: "PGRST100", message: '"failed to parse filter (0)" (line 1, column 1)',
    details: 'unexpected "0" expecting "not" or operator (eq, gt, ...)',
  });
  refused("an unknown operator", ships((q) => q.filter("id", "nope", 1)), 400, {
    code: "PGRST100", message: '"failed to parse filter (nope.1)" (line 1, column 1)',
  });
}

{
  const { rows, refused } = suite("quoting");
  rows("a filter's value is never unquoted", texts((q) => q.eq("t", '"a"')), ids(2));
  rows("commas in it", texts((q) => q.eq("t", "a,b")), ids(3));
  rows("parentheses in it", texts((q) => q.eq("t", "a)b(")), ids(4));
  rows("nothing at all", texts((q) => q.eq("t", "")), ids(5));
  rows("a backslash", texts((q) => q.eq("t", "back\\slash")), ids(6));
  rows("the text null", texts((q) => q.eq("t", "null")), ids(9));
  rows("a blank before", texts((q) => q.eq("t", " lead")), ids(15));
  rows("plus, ampersand, equals", texts((q) => q.eq("t", "plus+sign & amp=1")), ids(18));
  rows("a star that is no pattern", texts((q) => q.eq("t", "a*b")), ids(14));
  rows("a list", texts((q) => q.in("t", ["a", "null"])), ids(1, 9));
  rows("a list with commas and parentheses", texts((q) => q.in("t", ["a,b", "a)b("])), ids(3, 4));
  rows("a list with a bare quote in the middle", texts((q) => q.in("t", ['c"d', "a"])), ids(1, 7));
  rows("a list's values are unquoted", (db, get) => get("/texts?select=id&t=in.(%22a%22)"), ids(1));
  rows("with a backslash before quotes", (db, get) => get("/texts?select=id&t=in.(%22%5C%22a%5C%22%22,%22c%5C%22d%22)&order=id"), ids(2, 7));
  rows("a bare backslash in a list", (db, get) => get("/texts?select=id&t=in.(back%5Cslash,x)"), ids(6));
  rows("two backslashes within quotes", (db, get) => get("/texts?select=id&t=in.(%22back%5C%5Cslash%22)"), ids(6));
  rows("quotes that do not end an item are part of it", (db, get) => get("/texts?select=id&t=in.(%22a%22b,a)"), ids(1));
  rows("integers in quotes", ships((q) => q.filter("id", "in", '("1","2")')), ids(1, 2));
  rows("not in, as it is written", ships((q) => q.not("id", "in", "(1,2)")), ids(3, 4, 5));
  rows("an empty text in a list", (db, get) => get("/texts?select=id&t=in.(%22%22)"), ids(5));
  rows("braces in a list", texts((q) => q.in("t", ["{x}"])), ids(16));
  rows("a list of integers", ships((q) => q.in("id", [2, 4, 99])), ids(2, 4));
  rows("a list of 2000, 14 kB of URL", (db) => {
    const list = Array.from({ length: 2000 }, (_, at) => at + 1);
    return db.from("numbers").select("n").in("n", list).order("n", { ascending: false }).limit(1);
  }, [{ n: 2000 }]);
  rows("an empty list finds nothing", ships((q) => q.in("id", [])), []);
  rows("a list of blanks is empty", (db, get) => get("/ships?select=id&id=in.(%20%20)"), []);
  rows("not in an empty list: all, NULL too", (db) => db.from("texts").select("id").notIn("t", []).in("id", [1, 8]).order("id"), ids(1, 8));
  rows("not in a list; NULL is not", (db) => db.from("texts").select("id").notIn("t", ["a"]).lte("id", 8).order("id"), ids(2, 3, 4, 5, 6, 7));
  refused("a list with what is no integer", ships((q) => q.in("id", [1, "x"])), 400, {
    code: "22P02", message: 'invalid input syntax for type integer: "x"',
  });
  refused("an empty item among integers", (db, get) => get("/ships?select=id&id=in.(%20,3,4)"), 400, {
    code: "22P02", message: 'invalid input syntax for type integer: ""',
  });
  refused("null is no integer", ships((q) => q.eq("id", "null")), 400, { code: "22P02", message: 'invalid input syntax for type integer: "null"' });
  refused("nor is nothing", ships((q) => q.eq("id", "")), 400, { code: "22P02", message: 'invalid input syntax for type integer: ""' });
  refused("a list that does not end", (db, get) => get("/ships?select=id&id=in.(1,2"), 400, { code: "PGRST100" });
}

{
  const { rows, refused } = suite("patterns");
  rows("like", ports((q) => q.like("name", "R%")), ids(1, 3));
  rows("like tells capitals from small letters", ships((q) => q.like("name", "Ever%")), ids(2));
  rows("ilike does not", ships((q) => q.ilike("name", "EVER%")), ids(2, 3));
  rows("ilike knows other letters", texts((q) => q.ilike("t", "%äö")), ids(12, 13));
  rows("ilike of Iceland", ships((q) => q.ilike("name", "árVAKUR")), ids(4));
  rows("a star is a percent sign", texts((q) => q.like("t", "a*b")), ids(3, 14));
  rows("one character", texts((q) => q.like("t", "a_b")), ids(3, 14));
  rows("one character beyond the BMP", texts((q) => q.like("t", "_ ship")), ids(17));
  rows("a backslash makes it literal", texts((q) => q.like("t", "%\\%")), ids(10));
  rows("an underscore likewise", texts((q) => q.like("t", "%r\\_s%")), ids(11));
  rows("not like; NULL is not", texts((q) => q.not("t", "like", "%a%").lte("id", 9)), ids(5, 7, 9));
  rows("any of patterns", ports((q) => q.likeAnyOf("name", ["R%", "%zijl"])), ids(1, 3, 4));
  rows("all of patterns", ports((q) => q.likeAllOf("name", ["R%", "%m"])), ids(1));
  rows("any of patterns, without case", ships((q) => q.ilikeAnyOf("name", ["ever*", "MAERSK*"])), ids(1, 2, 3));
  rows("patterns with commas and backslashes", texts((q) => q.filter("t", "like(any)", '{"a,%","100\\\\%"}')), ids(3, 10));
  rows("all of patterns, without case", ships((q) => q.ilikeAllOf("name", ["EVER*", "*N"])), ids(2, 3));
  rows("a regular expression", ports((q) => q.regexMatch("name", "^R.*m$")), ids(1));
  rows("somewhere in the text", ports((q) => q.regexMatch("name", "j(a|í)")), ids(3));
  rows("with case", ports((q) => q.regexMatch("name", "rotter")), []);
  rows("without case", ports((q) => q.regexIMatch("name", "^ROTTER")), ids(1));
  rows("any regular expression", ports((q) => q.filter("name", "match(any)", "{^R,l$}")), ids(1, 3, 4));
  rows("all regular expressions, without case", ports((q) => q.filter("name", "imatch(all)", "{^r,M$}")), ids(1));
  refused("a regular expression that is none", ports((q) => q.regexMatch("name", "(")), 400, {
    code: "2201B", message: /^invalid regular expression: /,
  });
}

{
  const { rows, refused } = suite("is, isdistinct, not");
  rows("is null", ships((q) => q.is("built", null)), ids(5));
  rows("not is null", ships((q) => q.not("built", "is", null)), ids(1, 2, 3, 4));
  rows("is not_null", ships((q) => q.filter("built", "is", "not_null")), ids(1, 2, 3, 4));
  rows("in capitals", ships((q) => q.filter("built", "is", "NULL")), ids(5));
  rows("is true", ports((q) => q.is("free", true)), ids(1, 2));
  rows("is false", ports((q) => q.is("free", false)), ids(3, 5));
  rows("is unknown", ports((q) => q.filter("free", "is", "unknown")), ids(4));
  rows("not is true: false and unknown", ports((q) => q.not("free", "is", true)), ids(3, 4, 5));
  rows("isdistinct: NULL is", ports((q) => q.isDistinct("country_code", "NL")), ids(2, 3, 5));
  rows("not isdistinct", ports((q) => q.not("country_code", "isdistinct", "NL")), ids(1, 4));
  rows("isdistinct from the text null", texts((q) => q.isDistinct("t", null).gte("id", 8).lte("id", 10)), ids(8, 10));
  rows("not is not_null", ships((q) => q.not("built", "is", "not_null")), ids(5));
  rows("not of a comparison leaves NULL out", ships((q) => q.not("built", "gt", 2000)), ids(3, 4));
  rows("not eq", ports((q) => q.not("country_code", "eq", "NL")), ids(2, 3));
  refused("is true of a text", ports((q) => q.is("name", true)), 400, {
    code: "42804", message: /^argument of IS TRUE must be type boolean, not type text$/,
  });
  refused("is something else", ships((q) => q.filter("built", "is", "big")), 400, { code: "PGRST100" });
}

{
  const { rows, refused } = suite("any and all");
  rows("eq any", ships((q) => q.filter("id", "eq(any)", "{1,3,77}")), ids(1, 3));
  rows("not eq any", ships((q) => q.not("id", "eq(any)", "{1,3}")), ids(2, 4, 5));
  rows("gt all", ships((q) => q.filter("built", "gt(all)", "{1999,1962}")), ids(1, 2));
  rows("lt any", ships((q) => q.filter("built", "lt(any)", "{1970,2000}")), ids(3, 4));
  rows("gte and lte all", ships((q) => q.filter("id", "gte(all)", "{1,2}").filter("id", "lte(all)", "{3,4}")), ids(2, 3));
  rows("quotes in it", texts((q) => q.filter("t", "eq(any)", '{"a,b",a,"c\\"d"}')), ids(1, 3, 7));
  rows("any of none", ships((q) => q.filter("id", "eq(any)", "{}")), []);
  rows("all of none", ships((q) => q.filter("id", "eq(all)", "{}")), ids(1, 2, 3, 4, 5));
  refused("no array", ships((q) => q.filter("id", "eq(any)", "1,2")), 400, { code: "22P02", message: 'malformed array literal: "1,2"' });
  refused("a word in it that is no integer", ships((q) => q.filter("id", "eq(any)", "{1,x}")), 400, {
    code: "22P02", message: 'invalid input syntax for type integer: "x"',
  });
  refused("an operator that takes none", ships((q) => q.filter("id", "neq(any)", "{1}")), 400, { code: "PGRST100" });
}

{
  const { rows, refused } = suite("arrays");
  rows("contains", ports((q) => q.contains("langs", ["en"])), ids(1, 2, 5));
  rows("contains all of them", ports((q) => q.contains("langs", ["en", "nl"])), ids(1));
  rows("contains nothing: every array", ports((q) => q.contains("langs", [])), ids(1, 2, 3, 5));
  rows("contained", ports((q) => q.containedBy("langs", ["nl", "en", "ja"])), ids(1, 2, 3));
  rows("overlaps", ports((q) => q.overlaps("langs", ["nl", "ja"])), ids(1, 2));
  rows("overlaps nothing", ports((q) => q.overlaps("langs", [])), []);
  rows("items with blanks and commas", ports((q) => q.contains("langs", '{"with space","co,mma"}')), ids(5));
  rows("items with quotes", ports((q) => q.contains("langs", '{"quo\\"te"}')), ids(5));
  rows("not contains", ports((q) => q.not("langs", "cs", "{en}")), ids(3));
  rows("an index", (db) => db.from("ports").select("langs->0").eq("id", 1), [{ langs: "nl" }]);
  rows("not overlaps", ports((q) => q.not("langs", "ov", "{nl}")), ids(2, 3, 5));
  refused("no array", ports((q) => q.contains("langs", "{nl")), 400, { code: "22P02", message: 'malformed array literal: "{nl"' });
  for (const [name, filter] of [
    ["sr", (q) => q.rangeGt("langs", "[1,2)")], ["nxl", (q) => q.rangeGte("langs", "[1,2)")],
    ["sl", (q) => q.rangeLt("langs", "[1,2)")], ["nxr", (q) => q.rangeLte("langs", "[1,2)")],
    ["adj", (q) => q.rangeAdjacent("langs", "[1,2)")],
  ]) refused(`there are no ranges: ${name}`, ports(filter), 400, { code: "PGRST127" });
}

{
  const { rows, refused } = suite("full text");
  const logs = (query, options) => (db) => db.from("logs").select("id").textSearch("line", query, options).order("id");
  const articles = (column, query, options) => (db) => db.from("articles").select("id").textSearch(column, query, options).order("id");
  rows("fts, one word", logs("storm"), ids(3));
  rows("fts, and", logs("crane & storm", { config: "simple" }), ids(3));
  rows("fts, or", logs("storm | calm"), ids(3, 4));
  rows("fts, not", logs("crane & !storm", { config: "simple" }), ids(1));
  rows("fts, parentheses", logs("(storm | lifts) & crane", { config: "simple" }), ids(1, 3));
  rows("fts, the start of a word", logs("contain:*", { config: "simple" }), ids(1, 2));
  rows("fts, side by side", logs("a <-> container", { config: "simple" }), ids(1));
  rows("plain: all words", logs("container crane", { type: "plain", config: "simple" }), ids(1));
  rows("phrase: side by side", logs("the crane", { type: "phrase", config: "simple" }), ids(1, 3));
  rows("websearch: or, minus, quotes", logs('"a storm" or calm', { type: "websearch", config: "simple" }), ids(3, 4));
  rows("websearch: minus", logs("crane -storm", { type: "websearch", config: "simple" }), ids(1));
  rows("websearch within or", (db) => db.from("logs").select("id").or("line.wfts(simple).storm,line.wfts(simple).night").order("id"), ids(2, 3));
  rows("english: words of one stem", logs("container crane", { type: "plain", config: "english" }), ids(1, 2));
  rows("english: words that say nothing are left out", logs("the crane", { type: "plain", config: "english" }), ids(1, 2, 3));
  rows("not", (db) => db.from("logs").select("id").not("line", "fts(simple)", "crane").order("id"), ids(2, 4));
  rows("a column with an index beside the table", articles("body", "pilot & ship", { config: "simple" }), ids(1));
  rows("the other column of that index", articles("title", "news", { type: "plain", config: "simple" }), ids(1, 3));
  rows("a phrase in that index", articles("body", "big ship", { type: "phrase", config: "simple" }), ids(1));
  rows("a table of its own", (db) => db.from("manuals").select("title").textSearch("body", "winch & !anchor", { config: "simple" }), [
    { title: "winch" },
  ]);
  rows("the rows of an index", (db) => db.from("articles_index").select("title").textSearch("body", "waves", { config: "simple" }), [{ title: "Weather" }]);
  rows("within or", (db) => db.from("logs").select("id").or("line.plfts(simple).storm,id.eq.4").order("id"), ids(3, 4));
  refused("an operator that lacks a word", logs("crane &"), 400, { code: "42601", message: 'no operand in tsquery: "crane &"' });
  refused("two words and no operator", logs("crane storm"), 400, { code: "42601", message: 'syntax error in tsquery: "crane storm"' });
  refused("an unknown language", logs("crane", { config: "klingon" }), 400, {
    code: "42704", message: 'text search configuration "klingon" does not exist',
  });
}
