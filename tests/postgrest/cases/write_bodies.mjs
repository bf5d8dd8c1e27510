// Bodies: JSON, CSV, forms, and what is none of them.
import { suite, send, shown } from "../suite.mjs";

const { created, rows, silent, refused, answers } = suite("bodies", "write");
const csv = (method, path, body, headers) => send(method, path, body, { "Content-Type": "text/csv", ...headers });
const form = (method, path, body, headers) => send(method, path, body, { "Content-Type": "application/x-www-form-urlencoded", ...headers });
const notJson = { code: "PGRST102", message: "Empty or invalid json", details: null, hint: null };
const uneven = { code: "PGRST102", message: "All object keys must match", details: null, hint: null };
const ragged = { code: "PGRST102", message: "All lines must have same number of fields", details: null, hint: null };

for (const body of ["", "}{ x = 2", "{", '{"a":1,}', "{'topic':1}", '{"topic":"a"} x', "[", '[{"topic":"a"}', "nul", '{"topic":NaN}', '{"topic":"\n"}', '{"topic":01}']) {
  refused(`no JSON: ${JSON.stringify(body)}`, send("POST", "/sightings", body), 400, notJson);
}
refused("no JSON, in a change", send("PATCH", "/sightings?topic=eq.cargo", "}{"), 400, notJson);
refused("nothing, in a change", send("PATCH", "/sightings?topic=eq.cargo", ""), 400, notJson);
refused("no UTF-8", (db, get) => get("/sightings", { "Content-Type": "application/json" }, "POST", Buffer.from('{"topic":"\xff"}', "latin1")), 400, { code: "PGRST102" });
refused("a body that cannot be read, before a table that is not there", send("POST", "/nowhere", "}{"), 400, notJson);
refused("a query that cannot be read, before a body", send("POST", "/sightings?select=(", "}{"), 400, { code: "PGRST100" });
refused("other keys in the second row", send("POST", "/sightings", [{ topic: "a", line: "b" }, { topic: "c" }]), 400, uneven);
refused("more keys in the second row", send("POST", "/sightings", [{ topic: "a" }, { topic: "c", line: "d" }]), 400, uneven);
refused("what is no object, in an array", send("POST", "/sightings", [{ topic: "a" }, 123, "xxxx"]), 400, uneven);
refused("what is no object, first in an array", send("POST", "/sightings", [1, { topic: "a" }]), 400, uneven);
refused("what is no object, with columns=", send("POST", "/sightings?columns=topic", [{ topic: "a" }, 333]), 400, {});
created("keys in another order", send("POST", "/sightings", [{ topic: "a", line: "b" }, { line: "d", topic: "c" }], shown), [{ topic: "a", line: "b" }, { topic: "c", line: "d" }]);
created("blanks around it all", send("POST", "/sightings", '\t \n \r [ { "topic" : "a" } , \n {"topic":"b"}\r]\t \n', shown), [{ topic: "a", line: null }, { topic: "b", line: null }]);
for (const body of ["7", '"text"', "null", "true", "[]"]) {
  answers(`${body} is no row`, send("POST", "/sightings", body, shown), { status: 201, data: [], unchanged: true });
}
created("without a type it is JSON", (db, get) => get("/sightings", shown, "POST", new TextEncoder().encode('{"topic":"a"}')), [{ topic: "a", line: null }]);
created("JSON with a charset, in capitals", send("POST", "/sightings", { topic: "a" }, { "Content-Type": "Application/JSON; charset=utf-8", ...shown }), [{ topic: "a", line: null }]);
refused("another type", send("POST", "/sightings", "topic", { "Content-Type": "text/plain" }), 400, { code: "PGRST102", message: "Content-Type not acceptable: text/plain" });
refused("another type, in a change", send("PATCH", "/sightings?topic=eq.cargo", "<a/>", { "Content-Type": "text/xml" }), 400, { code: "PGRST102", message: "Content-Type not acceptable: text/xml" });

created("CSV", csv("POST", "/sightings", "topic,line\na,b\nc,d", shown), [{ topic: "a", line: "b" }, { topic: "c", line: "d" }]);
created("CSV: CRLF, and a last line that ends", csv("POST", "/sightings", "topic,line\r\na,b\r\nc,d\r\n", shown), [{ topic: "a", line: "b" }, { topic: "c", line: "d" }]);
created("CSV: quotes, commas and lines within", csv("POST", "/sightings", 'topic,line\n"a, b","say ""hi""\nthere"\n"",x', shown), [
  { topic: "a, b", line: 'say "hi"\nthere' }, { topic: "", line: "x" },
]);
created("CSV: NULL is null, nothing is empty text", csv("POST", "/sightings", "topic,line\nNULL,foo\n,bar", shown), [{ topic: null, line: "foo" }, { topic: "", line: "bar" }]);
answers("CSV there and back", csv("POST", "/sightings?select=topic,line", "topic,line\nbar,baz\nNULL,foo", { Accept: "text/csv", ...shown }), {
  status: 201, text: "topic,line\nbar,baz\n,foo", headers: { "content-type": "text/csv; charset=utf-8", "content-range": "*/*" },
});
created("CSV: values of every type", csv("POST", "/kinds?select=int,real,flag,text,blob,json,texts", 'int,real,flag,text,blob,json,texts\n7,0.5,true,007,\\xff,"{""a"":[1]}","{a,b}"', shown), [
  { int: 7, real: 0.5, flag: true, text: "007", blob: "\\xff", json: { a: [1] }, texts: ["a", "b"] },
]);
created("CSV: other columns have their defaults", csv("POST", "/parcels?select=label,weight,fragile", "label\ntea", shown), [{ label: "tea", weight: 1.5, fragile: false }]);
created("CSV: names that want quotes", csv("POST", `/${encodeURIComponent("odd table")}?select=${encodeURIComponent('"a b","co,mma"')}`, 'a b,"co,mma"\n1,2', shown), [{ "a b": "1", "co,mma": "2" }]);
refused("CSV: too few fields", csv("POST", "/sightings", "topic,line\nfoo,bar\nbaz"), 400, ragged);
refused("CSV: too many fields", csv("POST", "/sightings", "topic,line\nfoo,bar\na,b,c"), 400, ragged);
refused("CSV: a column that is not there", csv("POST", "/sightings", "topic,nope\na,b"), 400, { code: "PGRST204", message: "Could not find the 'nope' column of 'sightings' in the schema cache" });
refused("CSV: a value that does not fit", csv("POST", "/kinds", "int\n1\nx"), 400, { code: "22P02", message: 'invalid input syntax for type integer: "x"' });
refused("CSV: JSON that is none", csv("POST", "/kinds", "json\nnope"), 400, { code: "22P02" });
answers("CSV: an upsert", csv("POST", "/members", "id,email\n1,a@sea\n2,b@sea", { Prefer: "resolution=merge-duplicates" }), { status: 200, text: "" },
  (db) => db.from("members").select("email,name").order("id"), [{ email: "a@sea", name: "Ada" }, { email: "b@sea", name: "Bo" }, { email: "cy@port", name: "Cy" }]);
silent("CSV: a change", csv("PATCH", "/parcels?id=eq.1", "note,weight\nfoo,7"), 204, (db) => db.from("parcels").select("note,weight").eq("id", 1), [{ note: "foo", weight: 7 }]);

created("a form", form("POST", "/parcels?select=label,weight,fragile,note", "label=forms+are+fun&weight=2.5&fragile=true&note=a%26b%3D%C3%A9", shown), [
  { label: "forms are fun", weight: 2.5, fragile: true, note: "a&b=é" },
]);
created("a form: empty text", form("POST", "/sightings", "topic=&line=x", shown), [{ topic: "", line: "x" }]);
created("a form: NULL is text", form("POST", "/sightings", "topic=NULL&line=null", shown), [{ topic: "NULL", line: "null" }]);
silent("a form: a change", form("PATCH", "/parcels?id=eq.1", "note=a+b"), 204, (db) => db.from("parcels").select("note").eq("id", 1), [{ note: "a b" }]);
refused("a form: a column that is not there", form("POST", "/sightings", "nope=1"), 400, { code: "PGRST204" });
refused("a form: a value that does not fit", form("POST", "/kinds", "int=x"), 400, { code: "22P02" });
rows("a body near limits.body_bytes", async (db, get) => {
  await send("POST", "/sightings", Array.from({ length: 20000 }, (_, i) => ({ topic: "bulk", line: `line ${i}` })))(db, get);
  const { data, ...rest } = await db.from("sightings").select("line", { count: "exact" }).eq("topic", "bulk").limit(1);
  return { ...rest, status: 200, data: rest.count };
}, 20000);
