// Prints what two other implementations make of units: code, and of each the
// factor to the base units and the exponents of m, s, g, rad, K, C and cd, both
// empty where it does not know the unit. Conversions stand in a second form:
// "=", from, value, to, and the value converted by each.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { units } from "./node_modules/@atomic-ehr/ucum/dist/units.js";
import { toCanonicalForm } from "./node_modules/@atomic-ehr/ucum/dist/canonical-form.js";
import { convert } from "./node_modules/@atomic-ehr/ucum/dist/conversion.js";

const lhc = createRequire(import.meta.url)("@lhncbc/ucum-lhc").UcumLhcUtils.getInstance();
const base = ["L", "T", "M", "A", "Θ", "Q", "F"];

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const [one, two] = ["@lhncbc/ucum-lhc", "@atomic-ehr/ucum"].map((name) => `${name} ${dependencies[name]}`);
console.log(`# Written by gen/facts.mjs: what ${one} and ${two} compute.`);
console.log("# unit, then of each the factor to the base units and the exponents of m s g rad K C cd; or =, from, value, to, and the value by each");

const codes = [];
for (const [code, u] of Object.entries(units)) {
  if (u.isSpecial) continue;
  codes.push(code);
  if (u.isMetric) codes.push("m" + code, "k" + code);
}
const lines = readFileSync("clinical.txt", "utf8").split("\n").filter((l) => l !== "" && !l.startsWith("#"));
codes.push(...lines.filter((l) => !l.startsWith("=")));

for (const code of new Set(codes)) {
  const a = lhc.getSpecifiedUnit(code, "validate", true).unit;
  let b;
  try {
    b = toCanonicalForm(code);
  } catch {}
  if (!a && !b) {
    console.error(`${code}: unknown to both`);
    continue;
  }
  const first = a ? [a.magnitude_, (a.dim_?.dimVec_ ?? base.map(() => 0)).join(" ")] : ["", ""];
  const second = b ? [b.magnitude, base.map((d) => b.dimension[d] ?? 0).join(" ")] : ["", ""];
  console.log([code, ...first, ...second].join("\t"));
}
for (const line of lines.filter((l) => l.startsWith("="))) {
  const [, from, value, to] = line.split(" ");
  const r = lhc.convertUnitTo(from, Number(value), to);
  let other = "";
  try {
    other = convert(Number(value), from, to);
  } catch {}
  console.log(["=", from, value, to, r.status === "succeeded" ? r.toVal : "", other].join("\t"));
}
