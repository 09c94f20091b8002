// The widget in a real JupyterLab: `node lab/tests/notebook.mjs URL PICTURE` opens the notebook at URL, whose first cell shows a
// deltaw.Lab, trains in the page, runs the second cell, and prints JSON: {model, moment, cell, faults}; the model as a file in base64.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url, picture] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const page = await (await browser.newContext({ locale: 'en', viewport: { width: 1500, height: 1100 } })).newPage();
page.setDefaultTimeout(120_000);
const faults = [];
page.on('pageerror', (error) => faults.push(error.message));
await page.goto(url);

// What is pressed before the kernel is there is lost.
await page.waitForFunction(() => document.querySelector('#jp-main-statusbar')?.textContent.includes('| Idle'));

/** Run a cell and wait until it is done. */
async function cell(n) {
  await page.locator('.jp-Notebook .jp-CodeCell').nth(n).locator('.cm-content').click();
  await page.keyboard.press('Shift+Enter');
  await page.waitForFunction((i) => /\[\d+\]/.test(document.querySelectorAll('.jp-Notebook .jp-CodeCell')[i].querySelector('.jp-InputPrompt').textContent), n);
}

await cell(0);
const lab = page.frameLocator('iframe[title="DeltaW lab"]');
await lab.locator('.unit').first().waitFor();
await lab.locator('.speed input').evaluate((input) => { input.value = '4'; input.dispatchEvent(new Event('input', { bubbles: true })); }); // it is not to end by itself
await lab.locator('button.run').click();
const moment = () => lab.locator('.rewind input').inputValue().then(Number);
while ((await moment()) < 50) await page.waitForTimeout(100);
await lab.locator('button.run').click();
await lab.locator('button.run', { hasText: 'Run' }).waitFor();
await lab.locator('summary', { hasText: 'Share' }).click();
const [download] = await Promise.all([page.waitForEvent('download'), lab.getByRole('button', { name: /Download the model/ }).click()]);
const model = readFileSync(await download.path()).toString('base64');
await page.waitForTimeout(1500); // a page tells of its weights twice a second
if (picture) await page.screenshot({ path: picture });
await cell(1);
const said = page.locator('.jp-Notebook .jp-CodeCell').nth(1).locator('.jp-OutputArea-output pre');
console.log(JSON.stringify({ model, moment: await moment(), cell: await said.first().textContent(), faults }));
await browser.close();
