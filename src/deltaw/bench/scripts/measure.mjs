// Microseconds a row of an exported module: measure.mjs FORM CHECK SECONDS.
import { readFileSync } from "node:fs";
const [form, told, seconds] = process.argv.slice(2), { predict } = await import(form);
const check = JSON.parse(readFileSync(told, "utf8"));
const rows = check.rows.map((row) => Object.fromEntries(row.map((cell, i) => [check.columns[i], cell])));
for (const row of rows) predict(row);
const start = performance.now();
let done = 0;
while (performance.now() - start < 1000 * seconds) { for (const row of rows) predict(row); done += rows.length; }
console.log((1000 * (performance.now() - start)) / done);
