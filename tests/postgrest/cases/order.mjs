import { suite } from "../suite.mjs";

const { rows, refused } = suite("order");
const ids = (...list) => list.map((id) => ({ id }));
const ships = (column, options) => (db) => db.from("ships").select("id").order(column, options);

rows("upwards; NULL is the largest", ships("built"), ids(4, 3, 1, 2, 5));
rows("downwards; NULL is the largest", ships("built", { ascending: false }), ids(5, 2, 1, 3, 4));
rows("NULL first", ships("built", { nullsFirst: true }), ids(5, 4, 3, 1, 2));
rows("NULL last", ships("built", { ascending: false, nullsFirst: false }), ids(2, 1, 3, 4, 5));
rows("by several", (db) => db.from("ships").select("id").order("home_id", { ascending: false }).order("built", { ascending: false }), ids(5, 4, 2, 3, 1));
rows("words in their order", (db, get) => get("/ships?select=id&order=built.nullsfirst,id"), ids(5, 4, 3, 1, 2));
rows("by text, byte by byte", (db) => db.from("ships").select("id").order("name"), ids(2, 5, 1, 3, 4));
rows("by what is not shown", (db) => db.from("skills").select("id").order("name"), ids(3, 1, 2));
rows("by a boolean", (db) => db.from("ports").select("id").order("free").order("id"), ids(3, 5, 1, 2, 4));
rows("by 64 bits", (db) => db.from("ports").select("id").order("traffic"), ids(3, 5, 1, 2, 4));
rows("by a path's text", (db) => db.from("ports").select("id").order("facts->cranes->>sts", { nullsFirst: true }).order("id"), ids(3, 4, 5, 1, 2));
rows("by a path's JSON", (db) => db.from("ports").select("id").order("facts->cranes->sts").order("id"), ids(2, 1, 3, 4, 5));
rows("blanks", (db, get) => get("/ships?select=id&order=built.desc%20,%20id&id=lt.3"), ids(2, 1));
refused("an unknown column", ships("bilt"), 400, { code: "42703", message: "column ships.bilt does not exist" });
refused("another name is no column", (db) => db.from("ships").select("year:built").order("year"), 400, { code: "42703" });
refused("an unknown word", (db, get) => get("/ships?order=id.asc.nullslasttt"), 400, {
  code: "PGRST100", message: '"failed to parse order (id.asc.nullslasttt)" (line 1, column 17)',
});
refused("an unknown direction", (db, get) => get("/ships?order=id.up"), 400, { code: "PGRST100" });
