// npm run licences: lists the licences of the dependencies. Ends with code 1 when there is one that nobody has agreed to.
import { listPackages } from "./list-packages.mjs";

/** Licences that an Apache-2.0 project may depend on. With MPL-2.0 only changes to its own files have to be published. */
const AGREED = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC-BY-4.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MPL-2.0",
  "Python-2.0",
  "Unlicense",
]);

const packages = listPackages({ shippedOnly: false });
const shipped = new Set(listPackages({ shippedOnly: true }).map(keyOf));
const byLicence = groupByLicence(packages);
for (const [licence, those] of [...byLicence].sort(([one], [other]) => one.localeCompare(other))) {
  console.log(
    `${licence}: ${those.length} packages, ${those.filter((each) => shipped.has(keyOf(each))).length} of them shipped`,
  );
  if (process.argv.includes("--all")) for (const each of those) console.log(`  ${keyOf(each)}`);
}
const unagreed = packages.filter(({ license }) => !isAgreed(license));
for (const each of unagreed) console.error(`${keyOf(each)} is under ${each.license}, which nobody has agreed to`);
process.exit(unagreed.length === 0 ? 0 : 1);

/** An SPDX expression: of alternatives one is enough, of what holds together all are needed. */
function isAgreed(expression) {
  return expression
    .replace(/[()]/g, "")
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((licence) => AGREED.has(licence.trim())));
}

function keyOf({ name, version }) {
  return `${name}@${version}`;
}

function groupByLicence(list) {
  const groups = new Map();
  for (const each of list) groups.set(each.license, [...(groups.get(each.license) ?? []), each]);
  return groups;
}
