// return=headers-only: where the new row is.
import { suite, send } from "../suite.mjs";

const { answers } = suite("location", "write");
const post = (path, body) => send("POST", path, body, { Prefer: "return=headers-only" });
// What is at the Location of what was created.
const follow = (path, body) => async (db, get) => {
  const made = await post(path, body)(db, get);
  const location = made.seen.headers.get("location") ?? "none";
  if (!/^\/api\/[\x21-\x7e]+$/.test(location)) return { status: 0, data: location };
  return get(location.slice("/api".length));
};

answers("a key of one column", post("/parcels?select=label", { label: "tea" }), {
  status: 201, text: "",
  headers: {
    location: "/api/parcels?id=eq.5", "content-type": null, "content-length": "0", "content-range": "*/*", "preference-applied": "return=headers-only",
  },
});
answers("an array of one row", post("/parcels", [{ label: "tea" }]), { status: 201, headers: { location: "/api/parcels?id=eq.5" } });
answers("several rows have none", post("/parcels", [{ label: "a" }, { label: "b" }]), { status: 201, headers: { location: null, "preference-applied": "return=headers-only" } });
answers("no row has none", post("/parcels", []), { status: 201, headers: { location: null } });
answers("a table without a key has none", post("/sightings", { topic: "a" }), { status: 201, headers: { location: null } });
answers("a key of two columns", post("/slots", { bay: 7, row: "q" }), { status: 201, headers: { location: "/api/slots?bay=eq.7&row=eq.q" } });
answers("a key that is null", post("/slots", { bay: 7 }), { status: 201, headers: { location: "/api/slots?bay=eq.7&row=is.null" } });
answers("a key that wants encoding", follow("/slots", { bay: 7, row: "Rock & R+ll = 100% #1?" }), { status: 200, data: [{ bay: 7, row: "Rock & R+ll = 100% #1?", note: null }] });
answers("a key of other alphabets", follow("/signals", { code: "圍棋 ￥" }), { status: 200, data: [{ code: "圍棋 ￥" }] });
answers("a key that looks like an operator", follow("/signals", { code: "eq.in.(1,2)" }), { status: 200, data: [{ code: "eq.in.(1,2)" }] });
answers("an empty key", follow("/signals", { code: "" }), { status: 200, data: [{ code: "" }] });
answers("names that want encoding", follow(`/${encodeURIComponent("odd keys")}`, { "a b": "x y", "größe": 3 }), {
  status: 200, data: [{ "a b": "x y", "größe": 3, v: null }],
});
answers("a name of another alphabet", follow(`/${encodeURIComponent("日本")}`, { "番号": 9, "名前": "九" }), { status: 200, data: [{ "番号": 9, "名前": "九" }] });
answers("without a rowid", post("/tariffs", { code: "Q", net: 1 }), { status: 201, headers: { location: "/api/tariffs?code=eq.Q" } });
answers("of an upsert", send("POST", "/members", { id: 1, email: "new@port" }, { Prefer: "return=headers-only, resolution=merge-duplicates" }), {
  status: 200, text: "",
  headers: { location: "/api/members?id=eq.1", "preference-applied": "resolution=merge-duplicates, return=headers-only" },
});
answers("a representation has none", send("POST", "/parcels", { label: "tea" }, { Prefer: "return=representation" }), { status: 201, headers: { location: null } });
answers("a change has none", send("PATCH", "/parcels?id=eq.1", { label: "tea" }, { Prefer: "return=headers-only" }), {
  status: 204, text: "", headers: { location: null, "content-type": null, "content-range": "0-0/*", "preference-applied": "return=headers-only" },
});
