// How smoothly the page draws while it trains: `node lab/tests/frames.mjs PAGE`. Prints frames a second and the main thread's
// milliseconds a frame for what is open. A measurement, not a test.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const SETUPS = {
  '2-8-8-1': async () => {},
  'digits': async (page) => page.locator('.set').last().click(),
};

const measure = async (page, seconds = 3) => {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const metric = async (name) => (await session.send('Performance.getMetrics')).metrics.find((each) => each.name === name).value;
  const [before, script] = [await metric('TaskDuration'), await metric('ScriptDuration')];
  const frames = await page.evaluate((length) => new Promise((done) => {
    const begin = performance.now();
    let n = 0;
    const frame = (now) => (now - begin < 1000 * length ? (n++, requestAnimationFrame(frame)) : done(n / length));
    requestAnimationFrame(frame);
  }), seconds);
  const [tasks, scripts] = [await metric('TaskDuration') - before, await metric('ScriptDuration') - script];
  return { frames: Math.round(frames), taskMs: Number(((1000 * tasks) / (frames * seconds)).toFixed(1)), scriptMs: Number(((1000 * scripts) / (frames * seconds)).toFixed(1)) };
};

for (const [name, open] of Object.entries(SETUPS)) {
  for (const speed of [8, 13]) {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await page.goto(pathToFileURL(resolve(process.argv[2])).href);
    await page.waitForSelector('.unit');
    await open(page);
    await page.locator('.speed input').evaluate((input, to) => { input.value = String(to); input.dispatchEvent(new Event('input', { bubbles: true })); }, speed);
    await page.locator('button.run').click();
    await page.waitForTimeout(500);
    console.log(JSON.stringify({ name, speed, ...(await measure(page)), moment: await page.locator('.rewind input').inputValue() }));
    await page.close();
  }
}
await browser.close();
