// What is sent, and what of it a column takes.
import { suite, send, shown } from "../suite.mjs";

const { created, rows, refused, answers } = suite("values", "write");
const kinds = "kinds";
const takes = (name, column, value, back) =>
  created(`${column} takes ${name}`, (db) => db.from(kinds).insert({ [column]: value }).select(column).single(), { [column]: back },
    (db) => db.from(kinds).select(column).single(), { [column]: back });
const refuses = (name, column, value, code, message) =>
  refused(`${column} does not take ${name}`, (db) => db.from(kinds).insert({ [column]: value }), 400, message === undefined ? { code } : { code, message });
// Bytes of JSON there and back.
const exactly = (name, column, json) =>
  answers(`${column} takes ${name}, to the digit`, send("POST", `/kinds?select=${column}`, `{"${column}":${json}}`, shown), { status: 201, text: `[{"${column}":${json}}]` });

takes("an integer", "int", -7, -7);
takes("text that is one", "int", "42", 42);
takes("text with blanks around one", "int", " 42 ", 42);
takes("null", "int", null, null);
refuses("a fraction", "int", 1.5, "22P02", 'invalid input syntax for type integer: "1.5"');
refuses("text", "int", "abc", "22P02", 'invalid input syntax for type integer: "abc"');
refuses("text that begins as one", "int", "12abc", "22P02", 'invalid input syntax for type integer: "12abc"');
refuses("empty text", "int", "", "22P02", 'invalid input syntax for type integer: ""');
refuses("true", "int", true, "22P02", 'invalid input syntax for type integer: "true"');
refuses("an object", "int", { a: 1 }, "22P02");
refuses("an array", "int", [1], "22P02");
refuses("1e400", "real", "1e400", "22003");
rows("text that is an integer is compared as one", async (db) => {
  await db.from(kinds).insert([{ int: "9" }, { int: 10 }, { int: "100" }]);
  return db.from(kinds).select("int").gt("int", 9).order("int");
}, [{ int: 10 }, { int: 100 }]);
exactly("the largest", "big", "9223372036854775807");
exactly("the smallest", "big", "-9223372036854775808");
exactly("more than a double has", "big", "9007199254740993");
answers("big takes text with all its digits", (db) => db.from(kinds).insert({ big: "9007199254740993" }).select("big"), { status: 201, text: '[{"big":9007199254740993}]' });
answers("big takes a BigInt, which the client sends as text", (db) => db.from(kinds).insert({ big: 9223372036854775807n }).select("big"), { status: 201, text: '[{"big":9223372036854775807}]' });
refused("big does not take one more", send("POST", "/kinds", '{"big":9223372036854775808}'), 400, { code: "22003" });
refused("big does not take 30 digits", send("POST", "/kinds", '{"big":123456789012345678901234567890}'), 400, { code: "22003" });
refuses("one more as text", "big", "9223372036854775808", "22003");
takes("a number", "real", -0.5, -0.5);
takes("text that is one", "real", "2.5e3", 2500);
takes("an integer", "real", 3, 3);
exactly("17 digits", "real", "0.30000000000000004");
refuses("text", "real", "x", "22P02", /^invalid input syntax for type .*: "x"$/);
refuses("a boolean", "real", false, "22P02");
takes("a fraction", "num", 0.1, 0.1);
takes("text that is one", "num", "12.50", 12.5);
refuses("text", "num", "12,50", "22P02");
takes("true", "flag", true, true);
takes("false", "flag", false, false);
takes("text that is one", "flag", "yes", true);
takes("f", "flag", "f", false);
takes("a number that is one", "flag", 1, true);
takes("null", "flag", null, null);
refuses("another number", "flag", 2, "22P02", 'invalid input syntax for type boolean: "2"');
refuses("other text", "flag", "maybe", "22P02", 'invalid input syntax for type boolean: "maybe"');
takes("text", "text", "plain", "plain");
takes("empty text", "text", "", "");
takes("the word null", "text", "null", "null");
takes("blanks", "text", "  two  ", "  two  ");
takes("other alphabets", "text", "圍棋 ￥ Ünïcödé 🚢 e\u0301", "圍棋 ￥ Ünïcödé 🚢 e\u0301");
takes("quotes, backslashes and control characters", "text", "\"'\\ \n\t\r\u0001 \u2028 ;--", "\"'\\ \n\t\r\u0001 \u2028 ;--");
takes("SQL", "text", "'); DROP TABLE kinds; --", "'); DROP TABLE kinds; --");
takes("a number", "text", 7, "7");
takes("a fraction", "text", 1.25, "1.25");
takes("a boolean", "text", true, "true");
takes("what looks like a number", "text", "007", "007");
takes("a hundred thousand characters", "text", "é🚢".repeat(50000), "é🚢".repeat(50000));
answers("text takes an object, as JSON", (db) => db.from(kinds).insert({ text: { a: [1, "x"] } }).select("text").single().then((r) => ({ ...r, data: JSON.parse(r.data?.text ?? "0") })), {
  status: 201, data: { a: [1, "x"] },
});
created("text takes escapes of JSON", send("POST", "/kinds?select=text", '{"text":"\\ud83d\\udea2\\u0041\\/"}', shown), [{ text: "🚢A/" }]);
takes("bytes", "blob", "\\x0001ff", "\\x0001ff");
takes("bytes in capitals", "blob", "\\xDEADBEEF", "\\xdeadbeef");
takes("no bytes", "blob", "\\x", "\\x");
takes("text: its bytes", "blob", "abc", "\\x616263");
takes("null", "blob", null, null);
refuses("what is no hex", "blob", "\\xzz", "22023");
refuses("half a byte", "blob", "\\x123", "22023");
takes("an object", "json", { a: { b: [1, null, "x"] }, c: true }, { a: { b: [1, null, "x"] }, c: true });
takes("an array", "json", [1, { a: 2 }], [1, { a: 2 }]);
takes("text, which is a JSON string", "json", "just text", "just text");
takes("text that looks like JSON, which is a string", "json", "[1]", "[1]");
takes("a number", "json", 7.5, 7.5);
takes("a boolean", "json", false, false);
takes("an empty object", "json", {}, {});
takes("no text", "json", "", "");
exactly("large numbers", "json", '{"n":9007199254740993,"m":[12345678901234567890]}');
created("json takes null, which is NULL", (db) => db.from(kinds).insert({ json: null }).select("json"), [{ json: null }],
  (db) => db.from(kinds).select("id").is("json", null), [{ id: 1 }]);
created("json keeps a null within", (db) => db.from(kinds).insert({ json: { a: null } }).select("json,json->a,t:json->>a"), [{ json: { a: null }, a: null, t: null }]);
takes("an array", "texts", ["a", "b,c", 'q"t', "", "back\\slash"], ["a", "b,c", 'q"t', "", "back\\slash"]);
takes("an empty array", "texts", [], []);
takes("a literal", "texts", '{a,"b c",NULL}', ["a", "b c", null]);
takes("null", "texts", null, null);
refuses("text that is no array", "texts", "abc", "22P02", 'malformed array literal: "abc"');
takes("an array", "ints", [1, 2, 3], [1, 2, 3]);
takes("a literal", "ints", "{1,-2,NULL}", [1, -2, null]);
refuses("a literal of text", "ints", "{1,x}", "22P02");
refuses("an array of text", "ints", ["x"], "22P02");
takes("a date", "day", "2026-02-28", "2026-02-28");
takes("a number", "anything", 5, 5);
takes("text", "anything", "five", "five");
takes("a key", "id", "12", 12);
rows("the same in a change", (db) => db.from("ports").update({ traffic: "12", free: "no", facts: "s", stamp: "\\xAB", langs: "{a,b}", depth: "1.5", name: 7 }).eq("id", 1)
  .select("traffic,free,facts,stamp,langs,depth,name").single(), { traffic: 12, free: false, facts: "s", stamp: "\\xab", langs: ["a", "b"], depth: 1.5, name: "7" });
refused("and refused in a change", (db) => db.from("ports").update({ traffic: "many" }).eq("id", 1), 400, { code: "22P02", message: /^invalid input syntax for type (bigint|integer): "many"$/ });
refused("and refused in an upsert", (db) => db.from("members").upsert({ id: "one", email: "x" }), 400, { code: "22P02" });
refused("in the last of many rows", (db) => db.from(kinds).insert([{ int: 1 }, { int: 2 }, { int: "x" }]), 400, { code: "22P02" });
