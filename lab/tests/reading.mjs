// How long a page is held up while it reads a table: `node lab/tests/reading.mjs PAGE [TABLE]`; without one a table of 130,000 rows and
// 10 columns, 9 MB, is made. Prints milliseconds until the table is there, and of the longest tasks of the page's own thread, and
// megabytes of the page's process then. A measurement, not a test.
import { execSync } from 'node:child_process';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [file, given] = process.argv.slice(2), ROWS = 130_000;
function made() {
  const path = join(mkdtempSync(join(tmpdir(), 'deltaw-lab-')), 'nine.csv'), noise = (i, k) => Math.abs(Math.sin(i * 12.9898 + k * 78.233) * 43758.5453) % 1;
  const row = (i) => [new Date(Date.UTC(2020, 0, 1) + 780_000 * i).toISOString().slice(0, 16).replace('T', ' '), `City ${Math.floor(60 * noise(i, 1))}`, 18 + Math.floor(70 * noise(i, 2)), (50_000 * noise(i, 3)).toFixed(2),
    (150 + 40 * noise(i, 4)).toFixed(1), (noise(i, 4) + noise(i, 5)).toFixed(4), ['yes', 'no'][i % 2], ['red', 'green', 'blue', 'a longer word'][i % 4], noise(i, 6).toFixed(6), 'ab'[Number(noise(i, 4) > 0.5)]].join(',');
  writeFileSync(path, ['when,city,age,income,height,score,member,note,ratio,kind', ...Array.from({ length: ROWS }, (_, i) => row(i))].join('\n'));
  return path;
}

const table = given ?? made(), browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(pathToFileURL(resolve(file)).href);
await page.waitForSelector('main');
await page.waitForTimeout(1000);
const begin = await page.evaluate(() => {
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ['longtask'] });
  return performance.now();
});
await page.locator('input[type=file]').setInputFiles(table);
await page.waitForFunction((name) => document.querySelector('.about').textContent.includes(name), basename(table), { timeout: 300_000 });
const there = await page.evaluate(() => performance.now()) - begin;
await page.waitForTimeout(3000);
const tasks = await page.evaluate(() => window.tasks), memory = execSync("ps -eo rss,args | grep -- '--type=renderer' | grep -v grep | sort -n | tail -1 | awk '{print $1}'").toString();
console.log(JSON.stringify({ bytes: statSync(table).size, readMs: Math.round(there), longestMs: tasks.sort((a, b) => b - a).slice(0, 3).map(Math.round), memoryMB: Math.round(Number(memory) / 1024) }));
await browser.close();
