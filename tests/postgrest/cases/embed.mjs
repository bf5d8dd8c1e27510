// Rows of other tables, found through foreign keys.
import { suite } from "../suite.mjs";

const ids = (...list) => list.map((id) => ({ id }));
const byId = (table, select) => (db) => db.from(table).select(select).order("id");

{
  const { rows } = suite("embed");
  rows("many-to-one: an object or null", byId("ships", "name,ports(name)"), [
    { name: "Maersk Ohio", ports: { name: "Rotterdam" } }, { name: "Ever Given", ports: { name: "横浜" } },
    { name: "ever green", ports: { name: "横浜" } }, { name: "Árvakur", ports: { name: "Reykjavík" } },
    { name: "Flying Dutchman", ports: null },
  ]);
  rows("one-to-many: an array", (db) => db.from("ports").select("id,ships(name)").order("id").order("id", { referencedTable: "ships" }), [
    { id: 1, ships: [{ name: "Maersk Ohio" }] }, { id: 2, ships: [{ name: "Ever Given" }, { name: "ever green" }] },
    { id: 3, ships: [{ name: "Árvakur" }] }, { id: 4, ships: [] }, { id: 5, ships: [] },
  ]);
  rows("one-to-one: an object", (db) => db.from("ports").select("id,offices(phone)").lte("id", 3).order("id"), [
    { id: 1, offices: { phone: "+31" } }, { id: 2, offices: { phone: "+81" } }, { id: 3, offices: null },
  ]);
  rows("one-to-one from the other side", (db) => db.from("offices").select("phone,ports(name)").eq("port_id", 2), [
    { phone: "+81", ports: { name: "横浜" } },
  ]);
  rows("one-to-one by UNIQUE, from the side without the key",
    (db) => db.from("crew").select("name,ships!ships_captain(name)").lte("id", 2).order("id"), [
      { name: "Ada", ships: { name: "Maersk Ohio" } }, { name: "Björk", ships: { name: "Árvakur" } },
    ]);
  rows("many-to-many", (db) => db.from("crew").select("id,skills(name)").order("id").order("name", { referencedTable: "skills" }), [
    { id: 1, skills: [{ name: "cooking" }, { name: "navigation" }] }, { id: 2, skills: [{ name: "welding" }] },
    { id: 3, skills: [{ name: "navigation" }] }, { id: 4, skills: [{ name: "welding" }] }, { id: 5, skills: [] },
  ]);
  rows("many-to-many from the other side", (db) => db.from("skills").select("name,crew(name)").eq("id", 1).order("id", { referencedTable: "crew" }), [
    { name: "navigation", crew: [{ name: "Ada" }, { name: "Cho" }] },
  ]);
  rows("a junction as what it is", (db) => db.from("crew_skills").select("level,crew(name),skills(name)").eq("level", 4), [
    { level: 4, crew: { name: "Björk" }, skills: { name: "welding" } },
  ]);
  rows("through a junction, with what it says",
    (db) => db.from("crew").select("name,crew_skills(level,skills(name))").eq("id", 1).order("level", { referencedTable: "crew_skills" }), [
      { name: "Ada", crew_skills: [{ level: 2, skills: { name: "cooking" } }, { level: 5, skills: { name: "navigation" } }] },
    ]);
  rows("a key of two columns", byId("moorings", "id,piers(length)"), [
    { id: 1, piers: { length: 300 } }, { id: 2, piers: { length: 450 } }, { id: 3, piers: { length: 280 } },
    { id: 4, piers: null }, { id: 5, piers: null },
  ]);
  rows("and from the other side", (db) => db.from("piers").select("number,moorings(id)").eq("port_id", 1).order("number"), [
    { number: 1, moorings: [{ id: 1 }] }, { number: 2, moorings: [{ id: 2 }] },
  ]);
  rows("a key that names no column of its target", (db) => db.from("moorings").select("ships(name)").eq("id", 3), [
    { ships: { name: "ever green" } },
  ]);
  rows("itself by its name: the children", (db) => db.from("crew").select("name,crew(name)").lte("id", 2).order("id").order("id", { referencedTable: "crew" }), [
    { name: "Ada", crew: [{ name: "Björk" }, { name: "Cho" }] }, { name: "Björk", crew: [{ name: "Dmitri" }] },
  ]);
  rows("itself by the column: the parent", (db) => db.from("crew").select("name,chief_id(name)").gte("id", 4).order("id"), [
    { name: "Dmitri", chief_id: { name: "Björk" } }, { name: "Éva", chief_id: null },
  ]);
  rows("itself with a hint: the children", (db) => db.from("crew").select("reports:crew!chief_id(name)").eq("id", 2), [
    { reports: [{ name: "Dmitri" }] },
  ]);
  rows("itself, up and up", (db) => db.from("crew").select("name,chief:chief_id(name,chief:chief_id(name))").eq("id", 4), [
    { name: "Dmitri", chief: { name: "Björk", chief: { name: "Ada" } } },
  ]);
  rows("three levels down", (db) => db.from("countries").select("code,ports(id,ships(id))").eq("code", "JP").order("id", { referencedTable: "ports.ships" }), [
    { code: "JP", ports: [{ id: 2, ships: [{ id: 2 }, { id: 3 }] }] },
  ]);
  rows("up and down again", (db) => db.from("offices").select("ports(countries(ports(name)))").eq("port_id", 1).order("id", { referencedTable: "ports.countries.ports" }), [
    { ports: { countries: { ports: [{ name: "Rotterdam" }, { name: "Delfzijl" }] } } },
  ]);
  rows("several at once", (db) => db.from("ports").select("name,countries(name),offices(phone),piers(number)").eq("id", 2), [
    { name: "横浜", countries: { name: "日本" }, offices: { phone: "+81" }, piers: [{ number: 1 }] },
  ]);
  rows("all columns", (db) => db.from("ships").select("id,ports(countries(*))").eq("id", 1), [
    { id: 1, ports: { countries: { code: "NL", name: "Netherlands", capital: "Amsterdam" } } },
  ]);
  rows("values of every kind", (db) => db.from("ships").select("ports(free,facts,langs,stamp,depth,traffic::text)").eq("id", 4), [
    { ports: { free: false, facts: [10, 20, { deep: "yes" }], langs: [], stamp: "\\x", depth: 12.25, traffic: "-9223372036854775808" } },
  ]);
  rows("casts and JSON paths within", (db) => db.from("ships").select("ports(d:depth::text,facts->>unlocode)").eq("id", 1), [
    { ports: { d: "24", unlocode: "NLRTM" } },
  ]);
  rows("another name", (db) => db.from("ships").select("home:ports(name)").eq("id", 4), [{ home: { name: "Reykjavík" } }]);
  rows("one table twice, under other names", (db) => db.from("voyages").select("id,from:ports!from_id(name),to:ports!to_id(name)").gte("id", 3).order("id"), [
    { id: 3, from: { name: "横浜" }, to: { name: "Reykjavík" } }, { id: 4, from: { name: "Reykjavík" }, to: null },
  ]);
  rows("an embed of nothing is not shown", (db) => db.from("ports").select("name,ships()").eq("id", 1), [{ name: "Rotterdam" }]);
  rows("one row of it", (db) => db.from("ships").select("name,ports(name)").eq("id", 2).single(), { name: "Ever Given", ports: { name: "横浜" } });
}

{
  const { rows } = suite("embed: which key");
  rows("the column as target", (db) => db.from("ships").select("home_id(name)").eq("id", 1), [{ home_id: { name: "Rotterdam" } }]);
  rows("the constraint as target", (db) => db.from("ships").select("ships_captain(name)").eq("id", 2), [{ ships_captain: { name: "Cho" } }]);
  rows("the constraint as hint", (db) => db.from("ships").select("crew!ships_captain(name)").eq("id", 2), [{ crew: { name: "Cho" } }]);
  rows("the column as hint", (db) => db.from("ships").select("crew!captain_id(name)").eq("id", 2), [{ crew: { name: "Cho" } }]);
  rows("the junction as hint", (db) => db.from("ships").select("crew!berths(name)").eq("id", 2).order("name", { referencedTable: "crew" }), [
    { crew: [{ name: "Cho" }, { name: "Dmitri" }] },
  ]);
  rows("the name that PostgreSQL would give", (db) => db.from("voyages").select("ports!voyages_from_id_fkey(name)").eq("id", 1), [
    { ports: { name: "Rotterdam" } },
  ]);
  rows("the same of two columns", (db) => db.from("piers").select("moorings!moorings_port_id_pier_number_fkey(id)").eq("length", 280), [
    { moorings: [{ id: 3 }] },
  ]);
  rows("the column of the other side", (db) => db.from("ports").select("departures:voyages!from_id(id),arrivals:voyages!voyages_destination(id)").eq("id", 1), [
    { departures: [{ id: 1 }], arrivals: [{ id: 2 }] },
  ]);
  rows("a hint and inner, in both orders", (db) => db.from("ships").select("id,crew!ships_captain!inner(name)").order("id"), [
    { id: 1, crew: { name: "Ada" } }, { id: 2, crew: { name: "Cho" } }, { id: 4, crew: { name: "Björk" } },
  ]);
  rows("inner and a hint", (db) => db.from("ships").select("id,crew!inner!ships_captain(name)").eq("id", 4), [{ id: 4, crew: { name: "Björk" } }]);
}

{
  const { rows, refused } = suite("embed: odd keys");
  rows("to what is unique", (db) => db.from("depots").select("id,regions(id)").order("id"), [
    { id: 1, regions: { id: 2 } }, { id: 2, regions: { id: 2 } }, { id: 3, regions: null },
  ]);
  rows("and back", (db) => db.from("regions").select("slug,depots(id)").order("id").order("id", { referencedTable: "depots" }), [
    { slug: "north", depots: [] }, { slug: "south", depots: ids(1, 2) },
  ]);
  rows("in other letters, to a table without rowid", (db) => db.from("Lamps").select("ID,tariffs(net,gross)").eq("ID", 1), [
    { ID: 1, tariffs: { net: 8, gross: 10 } },
  ]);
  rows("in other letters, and back", (db) => db.from("tariffs").select("code,Lamps(ID)").order("code").order("ID", { referencedTable: "Lamps" }), [
    { code: "A", Lamps: [{ ID: 1 }, { ID: 2 }] }, { code: "B", Lamps: [] },
  ]);
  rows("a junction of a table and itself", (db) => db.from("stars").select("name,next:lanes!from_id(...stars!to_id(name))").order("id")
    .order("to_id", { referencedTable: "next" }), [
    { name: "Vega", next: [{ name: "Deneb" }, { name: "Altair" }] }, { name: "Deneb", next: [{ name: "Altair" }] }, { name: "Altair", next: [] },
  ]);
  rows("and against it", (db) => db.from("stars").select("name,before:lanes!to_id(...stars!from_id(name))").eq("id", 3)
    .order("from_id", { referencedTable: "before" }), [{ name: "Altair", before: [{ name: "Vega" }, { name: "Deneb" }] }]);
  refused("which of both ways?", (db) => db.from("stars").select("name,lanes(to_id)"), 300, { code: "PGRST201" });
  rows("a column called like its target", (db) => db.from("tickets").select("id,skills(name)").order("id"), [
    { id: 1, skills: { name: "welding" } }, { id: 2, skills: { name: "navigation" } }, { id: 3, skills: null },
  ]);
  rows("a filter of that column", (db) => db.from("tickets").select("id,skills(name)").eq("skills", 1), [{ id: 2, skills: { name: "navigation" } }]);
  rows("that column is null", (db) => db.from("tickets").select("id,skills(name)").is("skills", null), [{ id: 3, skills: null }]);
  rows("both, under other names", (db) => db.from("tickets").select("skill:skills,is:skills(name)").eq("id", 1), [{ skill: 2, is: { name: "welding" } }]);
  rows("one table within itself within itself", (db) => db.from("crew").select("name,crew(name,crew(name))").eq("id", 1).order("id", { referencedTable: "crew" }), [
    { name: "Ada", crew: [{ name: "Björk", crew: [{ name: "Dmitri" }] }, { name: "Cho", crew: [] }] },
  ]);
  rows("a filter at each level of it", (db) => db.from("crew").select("name,crew(name,crew(name))").eq("name", "Ada").eq("crew.name", "Björk").eq("crew.crew.name", "none"), [
    { name: "Ada", crew: [{ name: "Björk", crew: [] }] },
  ]);
}

{
  const { rows, refused } = suite("embed: views");
  rows("a key of two columns under other names", (db) => db.from("moorings").select("id,pier_list(length)").lte("id", 2).order("id"), [
    { id: 1, pier_list: { length: 300 } }, { id: 2, pier_list: { length: 450 } },
  ]);
  rows("a key of two columns, and back", (db) => db.from("pier_list").select("nr,moorings(id)").eq("harbour", 2), [{ nr: 1, moorings: ids(3) }]);
  refused("half of a key is none", (db) => db.from("moorings").select("id,half_piers(length)"), 400, { code: "PGRST200" });
  rows("but the key of its other half is one", (db) => db.from("half_piers").select("length,ports(name)").eq("length", 280), [
    { length: 280, ports: { name: "横浜" } },
  ]);
  rows("distinct values", (db) => db.from("port_codes").select("countries(name)").order("country_code"), [
    { countries: { name: "Ísland" } }, { countries: { name: "日本" } }, { countries: { name: "Netherlands" } },
  ]);
  refused("a union carries no key", (db) => db.from("all_ids").select("id,voyages!from_id(id)"), 400, { code: "PGRST200" });
  rows("a view of a table and itself", (db) => db.from("crews").select("name,chief,skills(name)").eq("id", 2), [
    { name: "Björk", chief: "Ada", skills: [{ name: "welding" }] },
  ]);
  rows("a view to a table", (db) => db.from("deep_ports").select("id,countries(name),ships(name)").eq("id", 1), [
    { id: 1, countries: { name: "Netherlands" }, ships: [{ name: "Maersk Ohio" }] },
  ]);
  rows("a table to a view", byId("ships", "id,deep_ports(name)"), [
    { id: 1, deep_ports: { name: "Rotterdam" } }, { id: 2, deep_ports: { name: "横浜" } }, { id: 3, deep_ports: { name: "横浜" } },
    { id: 4, deep_ports: null }, { id: 5, deep_ports: null },
  ]);
  rows("a view of a view with other names", (db) => db.from("harbours").select("harbour,ships(id)").order("harbour_id").order("id", { referencedTable: "ships" }), [
    { harbour: "Rotterdam", ships: ids(1) }, { harbour: "横浜", ships: ids(2, 3) },
  ]);
  rows("a view to a view", (db) => db.from("fleet").select("ship,harbours(harbour)").lte("ship_id", 2).order("ship_id"), [
    { ship: "Maersk Ohio", harbours: { harbour: "Rotterdam" } }, { ship: "Ever Given", harbours: { harbour: "横浜" } },
  ]);
  rows("and back", (db) => db.from("harbours").select("harbour,fleet(ship)").eq("harbour_id", 1), [
    { harbour: "Rotterdam", fleet: [{ ship: "Maersk Ohio" }] },
  ]);
  rows("a view through a junction", (db) => db.from("people").select("person,skills(name)").eq("person_id", 2), [
    { person: "Björk", skills: [{ name: "welding" }] },
  ]);
  rows("a table to a view through a junction", (db) => db.from("skills").select("name,people(person)").eq("id", 3), [
    { name: "cooking", people: [{ person: "Ada" }] },
  ]);
  rows("a key that the view does not show is none", (db) => db.from("fleet").select("ship,crew(name)").eq("ship_id", 4), [
    { ship: "Árvakur", crew: [{ name: "Björk" }] },
  ]);
  rows("a view of two tables", (db) => db.from("trips").select("trip,ship,ports(name)").eq("trip", 1), [
    { trip: 1, ship: "Maersk Ohio", ports: { name: "Rotterdam" } },
  ]);
  rows("what a view groups by", (db) => db.from("port_counts").select("ports,countries(name)").eq("country_code", "NL"), [
    { ports: 2, countries: { name: "Netherlands" } },
  ]);
  rows("a constraint as hint", (db) => db.from("ships").select("deep_ports!ships_home_id_fkey(name)").eq("id", 1), [
    { deep_ports: { name: "Rotterdam" } },
  ]);
  rows("a filter within, by the view's name of a column", (db) => db.from("countries").select("code,harbours(harbour)").eq("harbours.harbour", "横浜").in("code", ["JP", "NL"]).order("code"), [
    { code: "JP", harbours: [{ harbour: "横浜" }] }, { code: "NL", harbours: [] },
  ]);
  suite("embed: views").refused("an expression carries no key", (db) => db.from("computed").select("id,berths(cabin)"), 400, { code: "PGRST200" });
}

{
  const { rows, answers } = suite("embed: inner, filters, order, limits");
  rows("inner leaves out who has none", (db) => db.from("ports").select("id,ships!inner(id)").order("id").order("id", { referencedTable: "ships" }), [
    { id: 1, ships: ids(1) }, { id: 2, ships: ids(2, 3) }, { id: 3, ships: ids(4) },
  ]);
  answers("in counts, too", (db) => db.from("ports").select("id,ships!inner(id)", { count: "exact", head: true }), { count: 3, status: 200 });
  rows("left does not", (db) => db.from("ports").select("id,ships!left(id)").gte("id", 4).order("id"), [{ id: 4, ships: [] }, { id: 5, ships: [] }]);
  rows("a filter within does not drop rows", (db) => db.from("ports").select("id,ships(id)").gt("ships.built", 2000).lte("id", 3).order("id"), [
    { id: 1, ships: ids(1) }, { id: 2, ships: ids(2) }, { id: 3, ships: [] },
  ]);
  rows("with inner it does", (db) => db.from("ports").select("id,ships!inner(id)").gt("ships.built", 2000).order("id"), [
    { id: 1, ships: ids(1) }, { id: 2, ships: ids(2) },
  ]);
  rows("inner of to-one", (db) => db.from("ships").select("id,ports!inner(name)").eq("ports.country_code", "JP").order("id"), [
    { id: 2, ports: { name: "横浜" } }, { id: 3, ports: { name: "横浜" } },
  ]);
  rows("a to-one that a filter hides is null", (db) => db.from("ships").select("id,ports(name)").eq("ports.country_code", "NL").lte("id", 2).order("id"), [
    { id: 1, ports: { name: "Rotterdam" } }, { id: 2, ports: null },
  ]);
  rows("inner of many-to-many", (db) => db.from("crew").select("id,skills!inner(name)").eq("skills.name", "navigation").order("id"), [
    { id: 1, skills: [{ name: "navigation" }] }, { id: 3, skills: [{ name: "navigation" }] },
  ]);
  rows("inner within inner", (db) => db.from("countries").select("code,ports!inner(id,ships!inner(id))").gt("ports.ships.tonnage", 100000), [
    { code: "JP", ports: [{ id: 2, ships: ids(2) }] },
  ]);
  rows("inner without columns filters only", (db) => db.from("ports").select("id,ships!inner()").order("id"), ids(1, 2, 3));
  rows("is null: those without", (db) => db.from("ports").select("id,ships(id)").is("ships", null).order("id"), [{ id: 4, ships: [] }, { id: 5, ships: [] }]);
  rows("not is null: those with", (db) => db.from("ports").select("id,ships()").not("ships", "is", null).order("id"), ids(1, 2, 3));
  rows("after the embed's own filters", (db) => db.from("ports").select("id,ships()").gt("ships.built", 2010).not("ships", "is", null), ids(2));
  rows("is null of to-one", (db) => db.from("ships").select("id,ports()").is("ports", null), ids(5));
  rows("within or", (db) => db.from("ports").select("id,ships()").or("ships.is.null,id.eq.1").order("id"), ids(1, 4, 5));
  rows("not.is.null within or, of two embeds", (db) => db.from("ports").select("id,offices(),piers()").or("offices.is.null,piers.not.is.null").order("id"), ids(1, 2, 3, 4, 5));
  rows("not.is.null one level down", (db) => db.from("countries").select("code,ports(id,ships())").not("ports.ships", "is", null).eq("code", "NL"), [
    { code: "NL", ports: ids(1) },
  ]);
  rows("any within", (db) => db.from("ports").select("id,ships(id)").filter("ships.built", "eq(any)", "{1999,2006}").in("id", [1, 2]).order("id"), [
    { id: 1, ships: ids(1) }, { id: 2, ships: ids(3) },
  ]);
  rows("not or within", (db, get) => get("/ports?select=id,ships(id)&ships.not.or=(built.eq.1999,built.eq.2006)&id=in.(1,2)&order=id"), [
    { id: 1, ships: [] }, { id: 2, ships: ids(2) },
  ]);
  rows("not.is.null on two levels", (db) => db.from("countries").select("code,ports(name,ships())").not("ports.ships", "is", null).not("ports", "is", null).order("code"), [
    { code: "IS", ports: [{ name: "Reykjavík" }] }, { code: "JP", ports: [{ name: "横浜" }] }, { code: "NL", ports: [{ name: "Rotterdam" }] },
  ]);
  answers("or across embeds, counted", (db) => db.from("ports").select("id,ships(),offices()", { count: "exact" }).gt("ships.built", 2010).eq("offices.phone", "+31")
    .or("ships.not.is.null,offices.not.is.null").order("id"), { status: 200, data: ids(1, 2), count: 2, headers: { "content-range": "0-1/2" } });
  rows("a filter of the column that is the embed's target", (db) => db.from("ships").select("id,home_id(name)").eq("home_id", 2).order("id"), [
    { id: 2, home_id: { name: "横浜" } }, { id: 3, home_id: { name: "横浜" } },
  ]);
  rows("the column, and the embed by it", (db) => db.from("ships").select("home_id,home:home_id(name)").eq("home_id", 3), [
    { home_id: 3, home: { name: "Reykjavík" } },
  ]);
  rows("inner within left leaves null", (db) => db.from("ships").select("id,ports(id,countries!inner(code))").eq("ports.countries.code", "NL").lte("id", 2).order("id"), [
    { id: 1, ports: { id: 1, countries: { code: "NL" } } }, { id: 2, ports: null },
  ]);
  rows("left within inner", (db) => db.from("ports").select("id,ships!inner(id,crew!ships_captain(name))").eq("ships.crew.name", "Cho").eq("id", 2).order("id", { referencedTable: "ships" }), [
    { id: 2, ships: [{ id: 2, crew: { name: "Cho" } }, { id: 3, crew: null }] },
  ]);
  rows("two inners", (db) => db.from("ports").select("id,ships!inner(id),offices!inner(phone)").order("id").order("id", { referencedTable: "ships" }), [
    { id: 1, ships: ids(1), offices: { phone: "+31" } }, { id: 2, ships: ids(2, 3), offices: { phone: "+81" } },
  ]);
  rows("ordered by a to-one's JSON", (db) => db.from("ships").select("id,ports()").order("ports(facts->>unlocode)", { ascending: false, nullsFirst: false }).order("id"), ids(1, 2, 3, 4, 5));
  rows("or within", (db) => db.from("ports").select("id,ships(id)").or("built.gt.2010,built.lt.1970", { referencedTable: "ships" }).in("id", [1, 2, 3]).order("id"), [
    { id: 1, ships: [] }, { id: 2, ships: ids(2) }, { id: 3, ships: ids(4) },
  ]);
  rows("or two levels down", (db) => db.from("countries").select("code,ports(ships(id))").or("id.eq.2,id.eq.4", { referencedTable: "ports.ships" }).eq("code", "JP"), [
    { code: "JP", ports: [{ ships: ids(2) }] },
  ]);
  rows("order and limit are each parent's", (db) => db.from("ports").select("id,ships(id)").in("id", [1, 2]).order("id")
    .order("built", { referencedTable: "ships", ascending: false }).limit(1, { referencedTable: "ships" }), [
    { id: 1, ships: ids(1) }, { id: 2, ships: ids(2) },
  ]);
  rows("a range within", (db) => db.from("crew").select("id,skills(id)").eq("id", 1).order("id", { referencedTable: "skills" })
    .range(1, 5, { referencedTable: "skills" }), [{ id: 1, skills: ids(3) }]);
  rows("limit 0 within", (db) => db.from("ports").select("id,ships(id)").eq("id", 2).limit(0, { referencedTable: "ships" }), [{ id: 2, ships: [] }]);
  rows("by another name", (db) => db.from("ports").select("id,fleet:ships(id)").eq("id", 2).eq("fleet.built", 1999), [{ id: 2, fleet: ids(3) }]);
  rows("order by another name", (db) => db.from("ports").select("id,boats:ships(id)").eq("id", 2).order("id", { referencedTable: "boats", ascending: false }), [
    { id: 2, boats: ids(3, 2) },
  ]);
  rows("by the table's name though it has another", (db) => db.from("ports").select("id,boats:ships(id)").eq("id", 2).eq("ships.built", 1999), [
    { id: 2, boats: ids(3) },
  ]);
  rows("in of a column within", (db) => db.from("crew").select("id,skills(id)").eq("id", 1).in("skills.name", ["cooking", "welding"]), [{ id: 1, skills: ids(3) }]);
  rows("a JSON path within", (db) => db.from("countries").select("code,ports(id)").eq("ports.facts->>unlocode", "NLRTM").eq("code", "NL"), [
    { code: "NL", ports: ids(1) },
  ]);
  rows("ordered by a to-one; NULL is the largest", (db) => db.from("ships").select("id,ports()").order("ports(name)").order("id"), ids(4, 1, 2, 3, 5));
  rows("downwards", (db) => db.from("ships").select("id,ports()").order("ports(name)", { ascending: false }).order("id"), ids(5, 2, 3, 1, 4));
  rows("NULL at the end", (db) => db.from("ships").select("id,ports()").order("ports(name)", { ascending: false, nullsFirst: false }).order("id"), ids(2, 3, 1, 4, 5));
  rows("ordered by a to-one within a to-many", (db) => db.from("crew").select("id,crew_skills(skills(name))").eq("id", 1)
    .order("skills(name)", { referencedTable: "crew_skills" }), [{ id: 1, crew_skills: [{ skills: { name: "cooking" } }, { skills: { name: "navigation" } }] }]);
}

{
  const { rows } = suite("embed: spread");
  rows("to-one", (db) => db.from("ships").select("name,...ports(port:name,depth)").gte("id", 4).order("id"), [
    { name: "Árvakur", port: "Reykjavík", depth: 12.25 }, { name: "Flying Dutchman", port: null, depth: null },
  ]);
  rows("to-one within to-one", (db) => db.from("ships").select("id,...ports(port:name,...countries(country:name))").eq("id", 2), [
    { id: 2, port: "横浜", country: "日本" },
  ]);
  rows("an embed within", (db) => db.from("ships").select("id,...ports(offices(phone))").lte("id", 1), [{ id: 1, offices: { phone: "+31" } }]);
  rows("with a hint", (db) => db.from("ships").select("id,...crew!ships_captain(captain:name)").gte("id", 4).order("id"), [
    { id: 4, captain: "Björk" }, { id: 5, captain: null },
  ]);
  rows("inner", (db) => db.from("ships").select("id,...ports!inner(port:name)").gte("id", 4), [{ id: 4, port: "Reykjavík" }]);
  rows("to-many: an array for each column", (db) => db.from("ports").select("id,...ships(ships:name,built)").order("id").order("built", { referencedTable: "ships" }), [
    { id: 1, ships: ["Maersk Ohio"], built: [2006] }, { id: 2, ships: ["ever green", "Ever Given"], built: [1999, 2018] },
    { id: 3, ships: ["Árvakur"], built: [1962] }, { id: 4, ships: [], built: [] }, { id: 5, ships: [], built: [] },
  ]);
  rows("to-many: a NULL is an element", (db) => db.from("ships").select("id,...berths(cabins:cabin)").eq("id", 2).order("crew_id", { referencedTable: "berths" }), [
    { id: 2, cabins: [null, "C3"] },
  ]);
  rows("many-to-many", (db) => db.from("crew").select("id,...skills(skills:name)").in("id", [1, 5]).order("id").order("name", { referencedTable: "skills" }), [
    { id: 1, skills: ["cooking", "navigation"] }, { id: 5, skills: [] },
  ]);
  rows("a to-one within a to-many", (db) => db.from("ships").select("id,...berths(cabins:cabin,...crew(names:name))").eq("id", 1).order("crew_id", { referencedTable: "berths" }), [
    { id: 1, cabins: ["A1", "B2"], names: ["Ada", "Dmitri"] },
  ]);
  rows("of a junction, inside an embed", (db) => db.from("ships").select("id,berths(cabin,...crew(name))").eq("id", 1).order("crew_id", { referencedTable: "berths" }), [
    { id: 1, berths: [{ cabin: "A1", name: "Ada" }, { cabin: "B2", name: "Dmitri" }] },
  ]);
  rows("a filter within", (db) => db.from("ports").select("id,...ships(ships:name)").gt("ships.built", 2010).eq("id", 2), [{ id: 2, ships: ["Ever Given"] }]);
  rows("a to-many within a to-many: arrays of arrays", (db) => db.from("countries").select("code,...ports(ports:id,...ships(ships:name))")
    .order("code").order("id", { referencedTable: "ports" }).order("id", { referencedTable: "ports.ships" }), [
    { code: "AQ", ports: [], ships: [] }, { code: "IS", ports: [3], ships: [["Árvakur"]] },
    { code: "JP", ports: [2], ships: [["Ever Given", "ever green"]] }, { code: "NL", ports: [1, 4], ships: [["Maersk Ohio"], []] },
  ]);
  rows("a to-one embed within a to-many", (db) => db.from("ships").select("id,...berths(cabins:cabin,crew(name))").eq("id", 1).order("crew_id", { referencedTable: "berths" }), [
    { id: 1, cabins: ["A1", "B2"], crew: [{ name: "Ada" }, { name: "Dmitri" }] },
  ]);
  rows("a to-many embed within a to-many", (db) => db.from("countries").select("code,...ports(ports:id,ships(id))").eq("code", "NL").order("id", { referencedTable: "ports" }), [
    { code: "NL", ports: [1, 4], ships: [[{ id: 1 }], []] },
  ]);
  rows("a many-to-many embed within a to-many", (db) => db.from("crew").select("id,...crew!chief_id(reports:name,skills(name))").eq("id", 1).order("id", { referencedTable: "crew" }), [
    { id: 1, reports: ["Björk", "Cho"], skills: [[{ name: "welding" }], [{ name: "navigation" }]] },
  ]);
  rows("all columns of a to-many", (db) => db.from("ports").select("p:id,...piers(*)").eq("id", 1).order("number", { referencedTable: "piers" }), [
    { p: 1, port_id: [1, 1], number: [1, 2], length: [300, 450] },
  ]);
  rows("a to-many that is null", (db) => db.from("ports").select("id,...ships(names:name)").is("ships", null).order("id"), [
    { id: 4, names: [] }, { id: 5, names: [] },
  ]);
  rows("a to-many that is inner", (db) => db.from("ports").select("id,...piers!inner(number)").eq("id", 2), [{ id: 2, number: [1] }]);
  rows("a to-many ordered by a to-one", (db) => db.from("ships").select("id,...berths(...crew(names:name))").eq("id", 1)
    .order("crew(name)", { referencedTable: "berths", ascending: false }), [{ id: 1, names: ["Dmitri", "Ada"] }]);
  rows("JSON in a to-many", (db) => db.from("countries").select("code,...ports(facts,langs,free)").eq("code", "IS"), [
    { code: "IS", facts: [[10, 20, { deep: "yes" }]], langs: [[]], free: [false] },
  ]);
  rows("ordered by it", (db) => db.from("ships").select("id,...ports(port:name)").order("ports(depth)", { ascending: false, nullsFirst: false }).order("id"), [
    { id: 1, port: "Rotterdam" }, { id: 2, port: "横浜" }, { id: 3, port: "横浜" }, { id: 4, port: "Reykjavík" }, { id: 5, port: null },
  ]);
}

{
  const { rows } = suite("embed(count)");
  rows("of to-many", byId("ports", "id,ships(count)"), [
    { id: 1, ships: [{ count: 1 }] }, { id: 2, ships: [{ count: 2 }] }, { id: 3, ships: [{ count: 1 }] },
    { id: 4, ships: [{ count: 0 }] }, { id: 5, ships: [{ count: 0 }] },
  ]);
  rows("of many-to-many", byId("skills", "name,crew(count)"), [
    { name: "navigation", crew: [{ count: 2 }] }, { name: "welding", crew: [{ count: 2 }] }, { name: "cooking", crew: [{ count: 1 }] },
  ]);
  rows("with a filter and another name", (db) => db.from("ports").select("id,modern:ships(count)").gt("modern.built", 2010).in("id", [1, 2]).order("id"), [
    { id: 1, modern: [{ count: 0 }] }, { id: 2, modern: [{ count: 1 }] },
  ]);
}

{
  const { refused } = suite("embed: errors");
  const where = "(main|public)";
  refused("no relationship", (db) => db.from("ships").select("id,skills(name)"), 400, {
    code: "PGRST200", message: "Could not find a relationship between 'ships' and 'skills' in the schema cache",
    details: new RegExp(`^Searched for a foreign key relationship between 'ships' and 'skills' in the schema '${where}', but no matches were found\\.$`),
  });
  refused("two keys outside the primary key are no junction", (db) => db.from("crew").select("id,offices(phone)"), 400, { code: "PGRST200" });
  refused("a hint that fits none", (db) => db.from("ships").select("id,ports!nothing(name)"), 400, {
    code: "PGRST200",
    details: new RegExp(`^Searched for a foreign key relationship between 'ships' and 'ports' using the hint 'nothing' in the schema '${where}', but no matches were found\\.$`),
  });
  refused("no such table, and the nearest", (db) => db.from("ports").select("id,shps(name)"), 400, {
    code: "PGRST200", message: "Could not find a relationship between 'ports' and 'shps' in the schema cache",
    hint: "Perhaps you meant 'ships' instead of 'shps'.",
  });
  // PostgREST lists keys by the name of their constraint.
  refused("several: two keys to one table", (db) => db.from("voyages").select("id,ports(name)"), 300, {
    code: "PGRST201", message: "Could not embed because more than one relationship was found for 'voyages' and 'ports'",
    details: [
      { cardinality: "many-to-one", embedding: "voyages with ports", relationship: "voyages_destination using voyages(to_id) and ports(id)" },
      { cardinality: "many-to-one", embedding: "voyages with ports", relationship: "voyages_from_id_fkey using voyages(from_id) and ports(id)" },
    ],
    hint: "Try changing 'ports' to one of the following: 'ports!voyages_destination', 'ports!voyages_from_id_fkey'. " +
      "Find the desired relationship in the 'details' key.",
  });
  refused("several: from the other side", (db) => db.from("ports").select("id,voyages(id)"), 300, {
    code: "PGRST201",
    details: [
      { cardinality: "one-to-many", embedding: "ports with voyages", relationship: "voyages_destination using ports(id) and voyages(to_id)" },
      { cardinality: "one-to-many", embedding: "ports with voyages", relationship: "voyages_from_id_fkey using ports(id) and voyages(from_id)" },
    ],
  });
  refused("several: a key and a junction", (db) => db.from("ships").select("id,crew(name)"), 300, {
    code: "PGRST201",
    details: [
      { cardinality: "one-to-one", embedding: "ships with crew", relationship: "ships_captain using ships(captain_id) and crew(id)" },
      { cardinality: "many-to-many", embedding: "ships with crew",
        relationship: "berths using berths_ship_id_fkey(ship_id) and berths_crew_id_fkey(crew_id)" },
    ],
    hint: "Try changing 'crew' to one of the following: 'crew!ships_captain', 'crew!berths'. Find the desired relationship in the 'details' key.",
  });
  refused("a filter on what is not embedded", (db) => db.from("ports").select("id").eq("ships.built", 1), 400, {
    code: "PGRST108", message: "'ships' is not an embedded resource in this request", details: null,
    hint: "Verify that 'ships' is included in the 'select' query parameter.",
  });
  refused("one level down", (db) => db.from("countries").select("code,ports(id)").eq("ports.ships.built", 1), 400, {
    code: "PGRST108", message: "'ships' is not an embedded resource in this request",
  });
  refused("an order of what is not embedded", (db) => db.from("ships").select("id,ports(name)").order("portsx(name)"), 400, {
    code: "PGRST108", message: "'portsx' is not an embedded resource in this request",
  });
  refused("an order by to-many", (db) => db.from("ports").select("id,ships(id)").order("ships(id)"), 400, {
    code: "PGRST118", message: "A related order on 'ships' is not possible",
    details: "'ports' and 'ships' do not form a many-to-one or one-to-one relationship", hint: null,
  });
  refused("an unknown column within", (db) => db.from("ports").select("id,ships(nope)"), 400, { code: "42703", message: /^column ships.*\.nope does not exist$/ });
  refused("an unknown column in an order within", (db) => db.from("ports").select("id,ships(id)").order("nope", { referencedTable: "ships" }), 400, { code: "42703" });
  refused("a table that is not there, before its embeds", (db) => db.from("nowhere").select("id,shps(id)"), 404, { code: "PGRST205" });
}
