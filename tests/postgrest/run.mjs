// node run.mjs '{"plain": "http://...", "aggregates": "http://...", "unbounded": "http://..."}' [TEXT]
//
// Runs the cases of these servers, or those whose name holds TEXT. Says which do not hold, then how many there are
// by area, "12 select", and in all, "184 cases, 0 failed". Those that are known not to hold yet are said, and not
// counted. Ends with 1 if one failed.
import { readdirSync } from "node:fs";
import { cases, run } from "./suite.mjs";

for (const file of readdirSync(new URL("cases/", import.meta.url)).sort()) await import(`./cases/${file}`);

const bases = JSON.parse(process.argv[2]);
const text = process.argv[3] ?? "";
const chosen = cases.filter(({ area, name, server }) => server in bases && `${area}: ${name}`.includes(text));
const byArea = {};
let failed = 0;
for (const one of chosen) {
  const failure = await run(one, bases).then(() => null, (error) => error);
  if (one.reason !== undefined && failure !== null) {
    console.log(`OPEN ${one.area}: ${one.name}: ${one.reason}`);
    continue;
  }
  byArea[one.area] = (byArea[one.area] ?? 0) + 1;
  const message = one.reason === undefined ? failure?.message : `it holds now: take away "${one.reason}"`;
  if (message !== undefined) {
    failed++;
    console.log(`FAILED ${one.area}: ${one.name}\n    ${message.replaceAll("\n", "\n    ")}\n`);
  }
}
const names = chosen.map(({ area, name }) => `${area}: ${name}`);
const twice = names.filter((name, at) => names.indexOf(name) !== at);
for (const name of twice) console.log(`FAILED ${name}\n    there are two cases of this name\n`);
for (const [area, count] of Object.entries(byArea)) console.log(`${String(count).padStart(5)} ${area}`);
const count = Object.values(byArea).reduce((sum, n) => sum + n, 0);
console.log(`${count} cases, ${failed + twice.length} failed`);
process.exitCode = failed + twice.length === 0 ? 0 : 1;
