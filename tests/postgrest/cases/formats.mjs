// What rows look like, and what stands around them.
import { suite } from "../suite.mjs";

const { rows, refused, answers } = suite("formats");
const skills = [{ id: 1, name: "navigation" }, { id: 2, name: "welding" }, { id: 3, name: "cooking" }];
const none = (types) => ({ code: "PGRST107", message: `None of these media types are available: ${types}`, details: null, hint: null });

answers("single", (db) => db.from("skills").select().eq("id", 2).single(), {
  status: 200, error: null, data: skills[1], text: '{"id":2,"name":"welding"}',
  headers: { "content-type": "application/vnd.pgrst.object+json; charset=utf-8" },
});
const notOne = (count) => ({
  code: "PGRST116", message: "Cannot coerce the result to a single JSON object", details: `The result contains ${count} rows`, hint: null,
});
refused("single, of none", (db) => db.from("skills").select().eq("id", 9).single(), 406, notOne(0));
refused("single, of several", (db) => db.from("skills").select().single(), 406, notOne(3));
rows("single, of a limit", (db) => db.from("skills").select().order("id").limit(1).single(), skills[0]);
answers("one row, counted", (db) => db.from("skills").select("id", { count: "exact" }).order("id").limit(1).single(), {
  status: 206, data: { id: 1 }, count: 3,
});
answers("throwOnError", async (db) => {
  const error = await db.from("nowhere").select().throwOnError().then(() => null, (thrown) => thrown);
  return { data: [error?.name, error?.code, typeof error?.message] };
}, { data: ["PostgrestError", "PGRST205", "string"] });
rows("maybeSingle", (db) => db.from("skills").select().eq("id", 3).maybeSingle(), skills[2]);
rows("maybeSingle, of none", (db) => db.from("skills").select().eq("id", 9).maybeSingle(), null);
refused("maybeSingle, of several", (db) => db.from("skills").select().maybeSingle(), 406, { code: "PGRST116" });
answers("CSV", (db) => db.from("skills").select("id,name").order("id").csv(), {
  status: 200, data: "id,name\n1,navigation\n2,welding\n3,cooking", headers: { "content-type": "text/csv; charset=utf-8" },
});
rows("CSV with what wants quotes", (db) => db.from("ports").select("name,country_code,depth").gte("id", 4).order("id").csv(),
  'name,country_code,depth\nDelfzijl,NL,\n"Ghost ""port"", (old)",,7');
rows("CSV: an empty text is not NULL", (db) => db.from("texts").select("id,t").in("id", [5, 8]).order("id").csv(), 'id,t\n5,""\n8,');
rows("CSV: booleans, blobs, JSON", (db) => db.from("ports").select("free,stamp,langs").lte("id", 1).csv(),
  'free,stamp,langs\nt,"\\x0001ff","[""nl"",""en""]"');
rows("nulls stripped", (db) => db.from("ports").select().eq("id", 4).stripNulls(), [{ id: 4, name: "Delfzijl", country_code: "NL" }]);
answers("nulls stripped of one", (db) => db.from("countries").select().eq("code", "AQ").stripNulls().single(), {
  status: 200, data: { code: "AQ", name: "Antarctica" }, headers: { "content-type": /^application\/vnd\.pgrst\.object\+json/ },
});
rows("nulls stripped within", (db) => db.from("ships").select("id,captain_id,ports(name,offices(phone))").gte("id", 3).order("id").stripNulls(), [
  { id: 3, ports: { name: "横浜", offices: { phone: "+81" } } }, { id: 4, captain_id: 2, ports: { name: "Reykjavík" } }, { id: 5 },
]);
rows("nulls stripped of JSON, but not of arrays", (db) => db.from("docs").select("doc->x,id").eq("id", 1).stripNulls(), [
  { id: 1, x: { y: [{}, { z: "deep" }] } },
]);
answers("NDJSON", (db, get) => get("/skills?order=id", { Accept: "application/x-ndjson" }), {
  status: 200, text: '{"id":1,"name":"navigation"}\n{"id":2,"name":"welding"}\n{"id":3,"name":"cooking"}\n',
  headers: { "content-type": /^application\/x-ndjson/ },
});
rows("several types, by weight", (db, get) => get("/skills?select=id&id=eq.1", { Accept: "text/unknown, text/csv;q=0.5, application/json;q=0.1" }), "id\n1");
answers("the object type's short name", (db, get) => get("/skills?id=eq.1", { Accept: "application/vnd.pgrst.object" }), { status: 200, data: skills[0] });
answers("the array type", (db, get) => get("/skills?id=eq.1", { Accept: "application/vnd.pgrst.array+json" }), {
  status: 200, data: [skills[0]], headers: { "content-type": "application/json; charset=utf-8" },
});
rows("types in capitals", (db, get) => get("/skills?select=id&id=eq.1", { Accept: "TEXT/CSV" }), "id\n1");
rows("CSV: an embed is JSON", (db) => db.from("ships").select("id,ports(name)").eq("id", 1).csv(), 'id,ports\n1,"{""name"":""Rotterdam""}"');
answers("NDJSON of no rows", (db, get) => get("/empty", { Accept: "application/x-ndjson" }), { status: 200, text: "" });
refused("an unknown type", (db, get) => get("/skills", { Accept: "text/unknowntype" }), 406, none("text/unknowntype"));
refused("two unknown types", (db, get) => get("/skills", { Accept: "image/png, text/unknowntype" }), 406, none("image/png, text/unknowntype"));
refused("geojson", (db) => db.from("skills").select().geojson(), 406, none("application/geo+json"));
refused("explain", (db) => db.from("skills").select().explain(), 406, { code: "PGRST107" });
answers("headers of a read", (db) => db.from("skills").select("id").eq("id", 1), {
  headers: {
    "content-type": "application/json; charset=utf-8", "content-range": "0-0/*", vary: /Accept, Prefer, Range/,
    "content-location": "/api/skills?id=eq.1&select=id",
  },
});

const schemas = suite("schemas");
schemas.answers("public", (db) => db.schema("public").from("skills").select("id").eq("id", 1), {
  status: 200, data: [{ id: 1 }], headers: { "content-profile": "public" },
});
schemas.answers("main", (db) => db.schema("main").from("skills").select("id").eq("id", 1), {
  status: 200, data: [{ id: 1 }], headers: { "content-profile": "main" },
});
schemas.answers("none", (db) => db.from("skills").select("id").eq("id", 1), { headers: { "content-profile": null } });
schemas.answers("public, by HEAD", (db) => db.schema("public").from("skills").select("*", { head: true, count: "exact" }), {
  status: 200, count: 3, headers: { "content-profile": "public" },
});
schemas.refused("another", (db) => db.schema("secret").from("skills").select(), 406, {
  code: "PGRST106", message: "Invalid schema: secret", hint: /^Only the following schemas are exposed: /,
});

const prefer = suite("preferences");
prefer.answers("unknown ones are ignored", (db) => db.from("skills").select("id").eq("id", 1).setHeader("Prefer", "foo, bar=baz"), {
  status: 200, data: [{ id: 1 }], headers: { "preference-applied": null },
});
prefer.refused("unless they are strict", (db) => db.from("skills").select().setHeader("Prefer", "handling=strict, foo, bar"), 400, {
  code: "PGRST122", message: "Invalid preferences given with handling=strict", details: "Invalid preferences: foo, bar", hint: null,
});
prefer.answers("strict, and all known", (db) => db.from("skills").select("id").eq("id", 1).setHeader("Prefer", "handling=strict, count=exact"), {
  status: 200, count: 1, headers: { "preference-applied": "count=exact, handling=strict" },
});
prefer.answers("the first of a kind counts", (db) => db.from("skills").select("id").limit(1).setHeader("Prefer", "count=exact, count=planned"), {
  status: 206, headers: { "preference-applied": "count=exact" },
});
prefer.answers("a time zone", (db) => db.from("skills").select("id").eq("id", 1).setHeader("Prefer", "timezone=Europe/Berlin"), {
  status: 200, headers: { "preference-applied": "timezone=Europe/Berlin" },
});
prefer.refused("no time zone", (db) => db.from("skills").select().setHeader("Prefer", "timezone=Moon/Base"), 400, { code: "22023" });

const conditional = suite("conditional requests");
const again = (path, change) => async (db, get) => {
  const first = await get(path);
  return get(path, { "If-None-Match": change(first.seen.headers.get("etag")) });
};
const notModified = { status: 304, text: "", headers: { etag: /^(W\/)?"/ } };
conditional.answers("nothing has changed", again("/skills?id=eq.1", (etag) => etag), notModified);
conditional.answers("one of several", again("/skills?id=eq.2", (etag) => `"x", ${etag}`), notModified);
conditional.answers("anything", again("/skills?id=eq.3", () => "*"), notModified);
conditional.answers("another ETag", again("/skills?select=id&id=eq.1", () => '"x"'), { status: 200, data: [{ id: 1 }] });
conditional.answers("the ETag of another question", async (db, get) => {
  const first = await get("/skills?select=id&id=eq.1");
  return get("/skills?select=id&id=eq.2", { "If-None-Match": first.seen.headers.get("etag") });
}, { status: 200, data: [{ id: 2 }] });
conditional.answers("the ETag of another format", async (db, get) => {
  const first = await get("/skills?select=id&id=eq.1");
  return get("/skills?select=id&id=eq.1", { Accept: "text/csv", "If-None-Match": first.seen.headers.get("etag") });
}, { status: 200, data: "id\n1" });

const methods = suite("methods");
methods.answers("OPTIONS", (db, get) => get("/skills", {}, "OPTIONS"), { status: 200, headers: { allow: "OPTIONS,GET,HEAD", "access-control-allow-origin": "*" } });
methods.refused("OPTIONS of an unknown table", (db, get) => get("/nowhere", {}, "OPTIONS"), 404, { code: "PGRST205" });
methods.answers("an error to HEAD", (db, get) => get("/ships?id=eq.x", {}, "HEAD"), { status: 400, text: "", headers: { "proxy-status": /error=22P02/ } });
methods.answers("an error's headers", (db) => db.from("nowhere").select(), { status: 404, headers: { "proxy-status": /error=PGRST205/ } });
