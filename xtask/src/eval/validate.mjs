// Validates every document of a folder; prints those that are not valid, and how many are.
// usage: node validate.mjs FOLDER, where @seriousme/openapi-schema-validator can be found
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";

// A field of traffic may be named `$ref` or `$id`. The validator takes the name for the keyword,
// whose value would be a text.
function renameFields(value) {
  if (Array.isArray(value)) return value.map(renameFields);
  if (value === null || typeof value !== "object") return value;
  const name = (key, inner) =>
    (key === "$ref" || key === "$id") && typeof inner === "object" ? `field ${key.slice(1)}` : key;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [name(key, inner), renameFields(inner)]),
  );
}

const folder = process.argv[2];
const names = readdirSync(folder).sort();
const validator = new Validator();
let valid = 0;
for (const name of names) {
  const document = renameFields(JSON.parse(readFileSync(join(folder, name), "utf8")));
  const result = await validator.validate(document);
  if (result.valid) valid += 1;
  else console.log(`${name}: ${JSON.stringify(result.errors)}`);
}
console.log(`${valid} of ${names.length} documents are valid`);
process.exitCode = valid === names.length && valid > 0 ? 0 : 1;
