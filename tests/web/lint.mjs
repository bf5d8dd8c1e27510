// node lint.mjs FILE...: lint OpenAPI documents with Redocly's rules. Prints one JSON object a problem;
// ends with 1 if there is any.
import { createConfig, lint } from "@redocly/openapi-core";

// "recommended", all of it as errors, but for one: the data is not ours to license.
const config = await createConfig({
  extends: ["recommended-strict"],
  rules: { "info-license": "off" },
});
let count = 0;
for (const ref of process.argv.slice(2)) {
  for (const problem of await lint({ ref, config })) {
    const { pointer } = problem.location[0];
    console.log(JSON.stringify({ ref, rule: problem.ruleId, pointer, message: problem.message }));
    count++;
  }
}
process.exitCode = count === 0 ? 0 : 1;
