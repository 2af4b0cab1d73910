// Prints the atoms of UCUM: code, flags (b base, m metric, s special, a
// arbitrary), and the definition as number, unit and, for a special unit, function.
import { createRequire } from "node:module";
import { units } from "./node_modules/@atomic-ehr/ucum/dist/units.js";

const lhc = createRequire(import.meta.url)("@lhncbc/ucum-lhc").UcumLhcUtils.getInstance();
const functions = { "100tan": "tanTimes100" }; // one function of the angle, given once in deg and once in rad
const arbitrary = ["[NTU]", "[FNU]"]; // younger than the other package's table

for (const [code, u] of Object.entries(units)) {
  const other = lhc.getSpecifiedUnit(code, "validate", true).unit;
  if (!other && !arbitrary.includes(code)) throw new Error(`${code}: not in @lhncbc/ucum-lhc`);
  const def = u.value.function ?? { name: "", ...u.value };
  const flags = (u.isBaseUnit ? "b" : "") + (u.isMetric ? "m" : "") + (u.isSpecial ? "s" : "") + (!other || other.isArbitrary_ ? "a" : "");
  console.log([code, flags, def.value, def.Unit, functions[def.name] ?? def.name].join("\t"));
}
