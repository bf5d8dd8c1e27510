// node run.mjs '{"plain": "http://...", "aggregates": "http://...", "unbounded": "http://..."}' [TEXT]
//
// Runs all cases, or those whose name holds TEXT. Says which do not hold, then how many there are:
// "184 cases, 0 failed" and, by area, "12 select". Ends with 1 if one failed.
import { readdirSync } from "node:fs";
import { cases, run } from "./suite.mjs";

for (const file of readdirSync(new URL("cases/", import.meta.url)).sort()) await import(`./cases/${file}`);

const bases = JSON.parse(process.argv[2]);
const chosen = cases.filter(({ area, name }) => `${area}: ${name}`.includes(process.argv[3] ?? ""));
const byArea = {};
let failed = 0;
for (const one of chosen) {
  byArea[one.area] = (byArea[one.area] ?? 0) + 1;
  try {
    await run(one, bases);
  } catch (error) {
    failed++;
    console.log(`FAILED ${one.area}: ${one.name}\n    ${error.message.replaceAll("\n", "\n    ")}\n`);
  }
}
const names = chosen.map(({ area, name }) => `${area}: ${name}`);
const twice = names.filter((name, at) => names.indexOf(name) !== at);
for (const name of twice) console.log(`FAILED ${name}\n    there are two cases of this name\n`);
for (const [area, count] of Object.entries(byArea)) console.log(`${String(count).padStart(5)} ${area}`);
console.log(`${chosen.length} cases, ${failed + twice.length} failed`);
process.exitCode = failed + twice.length === 0 ? 0 : 1;
