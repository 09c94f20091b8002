// How smoothly pages draw while they train: `node lab/tests/frames.mjs PAGE …`, pages as `deltaw lab` writes them. Prints, for a
// speed of 200 steps a second and for full speed: frames a second, the main thread's milliseconds a frame (its own processor time,
// which other programs do not lengthen, and what of it are scripts), and milliseconds from opening to the first trained state
// that is shown. Drawn in software; a measurement, not a test.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const SECONDS = 3, SPEEDS = { '200 steps/s': 7, full: 13 };
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

const measure = async (page) => {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metrics = async () => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map((each) => [each.name, each.value]));
  const before = await metrics();
  const frames = await page.evaluate((seconds) => new Promise((done) => {
    const begin = performance.now();
    let n = 0;
    const frame = (now) => (now - begin < 1000 * seconds ? (n++, requestAnimationFrame(frame)) : done(n));
    requestAnimationFrame(frame);
  }), SECONDS);
  const after = await metrics(), each = (name) => Number(((1000 * (after[name] - before[name])) / frames).toFixed(1));
  return { frames: Math.round(frames / SECONDS), mainMs: each('TaskDuration'), scriptMs: each('ScriptDuration') };
};

/** Run as soon as that can be pressed; the first step that the page shows. */
const firstState = async (page, url) => {
  await page.addInitScript(() => {
    const look = () => {
      const run = document.querySelector('button.run'), moment = document.querySelector('.rewind input');
      if (run && !window.pressed) {
        window.opened = performance.now();
        window.pressed = true;
        run.click();
      }
      if (Number(moment?.value) > 0) window.trained = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(url);
  await page.waitForFunction(() => window.trained);
  return page.evaluate(() => ({ shownMs: Math.round(window.opened), trainedMs: Math.round(window.trained) }));
};

for (const file of process.argv.slice(2)) {
  for (const [name, speed] of Object.entries(SPEEDS)) {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    const first = await firstState(page, pathToFileURL(resolve(file)).href);
    await page.locator('.speed input').evaluate((input, to) => { input.value = String(to); input.dispatchEvent(new Event('input', { bubbles: true })); }, speed);
    await page.waitForTimeout(500);
    console.log(JSON.stringify({ file, speed: name, ...(await measure(page)), ...first, moment: await page.locator('.rewind input').inputValue() }));
    await page.close();
  }
}
await browser.close();
