// The answers of an exported module to the rows of its check: answers.mjs FORM CHECK.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const form = await import(pathToFileURL(process.argv[2]).href);
const check = JSON.parse(readFileSync(process.argv[3], "utf8"));
const rows = check.rows.map((row) => Object.fromEntries(row.map((cell, i) => [check.columns[i], cell])));
const labels = form.classes.length ? rows.map((row) => form.classes.indexOf(form.predict(row))) : null;
console.log(JSON.stringify({ model: form.model, answers: rows.map((row) => form.answer(row)), labels }));
