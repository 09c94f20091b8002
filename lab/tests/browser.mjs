// The built page in a real browser: `node lab/tests/browser.mjs PAGE [CHECK …]` runs the checks named (all if none) and prints
// a line of JSON for each: {check, ok, seconds, why}. tests/lab/test_browser.py runs it.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { digits } from './strokes.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [file, ...wanted] = process.argv.slice(2);
const PAGE = pathToFileURL(resolve(file)).href;
const folder = mkdtempSync(join(tmpdir(), 'deltaw-lab-'));

const same = (found, expected, what) => {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`${what}: expected ${JSON.stringify(expected)?.slice(0, 400)}, found ${JSON.stringify(found)?.slice(0, 400)}`);
};
const truth = (found, what) => {
  if (!found) throw new Error(what);
};

let browser;

/** A fresh page; what it must never do is kept in `faults`. */
async function opened({ url = PAGE, query = '', hash = '', before = null, ...context } = {}) {
  const page = await (await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, acceptDownloads: true, ...context })).newPage();
  if (before) await page.addInitScript(before);
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`error: ${error.message}`));
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.faults.push(`${message.type()}: ${message.text()}`); });
  page.on('request', (request) => { if (!/^(blob:|data:)/.test(request.url()) && request.url().split(/[?#]/)[0] !== url) page.faults.push(`asked for ${request.url()}`); });
  await page.goto(url + query + hash);
  await page.waitForSelector('main');
  return page;
}

/** What the page would share: all settings, and the weights of each run. */
async function shared(page) {
  await page.locator('summary', { hasText: /Share|分享/ }).click();
  await page.locator('.menu[open] button').first().click();
  const link = await page.locator('.menu[open] input').inputValue();
  await page.keyboard.press('Escape');
  const text = Buffer.from(link.split('#lab=')[1].replaceAll('-', '+').replaceAll('_', '/'), 'base64');
  const { inflateRawSync } = await import('node:zlib');
  return { link, ...JSON.parse(inflateRawSync(text).toString()) };
}

/** A ZIP archive of some texts, packed in no way. */
function archive(members) {
  const whole = Object.entries(members).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]), bytes = [], index = [];
  let at = 0;
  for (const [name, content] of whole) {
    const head = Buffer.alloc(30), entry = Buffer.alloc(46);
    head.writeUInt32LE(0x04034b50), entry.writeUInt32LE(0x02014b50), head.writeUInt16LE(name.length, 26), entry.writeUInt16LE(name.length, 28), entry.writeUInt32LE(at, 42);
    for (const [place, into] of [[18, head], [22, head], [20, entry], [24, entry]]) into.writeUInt32LE(content.length, place);
    bytes.push(head, name, content), index.push(entry, name);
    at += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50), end.writeUInt16LE(whole.length, 10), end.writeUInt32LE(at, 16);
  return Buffer.concat([...bytes, ...index, end]);
}

const run = (page) => page.locator('button.run').click();
const moment = (page) => page.locator('.rewind input').inputValue().then(Number);
async function trained(page, least = 60) {
  await run(page);
  await page.waitForFunction((n) => Number(document.querySelector('.rewind input').value) >= n, least);
  await run(page);
  await page.waitForFunction(() => /Run|运行/.test(document.querySelector('button.run').textContent));
}
const slideTo = (page, value) => page.locator('.rewind input').evaluate((input, to) => { input.value = String(to); input.dispatchEvent(new Event('input', { bubbles: true })); }, value);
const at = (page, value) => page.waitForFunction((n) => Number(document.querySelector('.rewind input').value) === n, value);

// Workers that are ended go when the browser comes to it.
async function working(page, count, what) {
  const end = Date.now() + 5000;
  while (page.workers().length !== count && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  same(page.workers().length, count, `workers: ${what}`);
}

async function axe(page) {
  await page.addScriptTag({ content: AXE }).catch(() => page.evaluate(AXE)); // the policy forbids scripts of the page's own; the tool's are not
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

const CHECKS = {
  async opens_and_asks_for_nothing() {
    const page = await opened();
    await trained(page);
    truth(await page.locator('.unit').count() > 10, 'no units are drawn');
    same(page.workers().length, 2, 'workers: one trains, one draws links');
    same(page.faults, [], 'what went wrong');
  },

  async it_trains_without_workers() {
    const silent = () => { window.Worker = class { postMessage() {} terminate() {} }; };
    for (const before of [() => { delete window.Worker; }, silent]) {
      const page = await opened({ before });
      await trained(page, 30);
      same(page.workers().length, 0, 'workers');
      const end = await moment(page), then = (await shared(page)).runs[0].weights;
      await slideTo(page, 7);
      await at(page, 7);
      await slideTo(page, end);
      await at(page, end);
      same((await shared(page)).runs[0].weights, then, 'the weights at the same moment');
      await page.getByRole('button', { name: 'Fork', exact: true }).click();
      await page.locator('.network').nth(1).waitFor();
      await page.getByRole('button', { name: 'Keep A' }).click();
      await page.locator('#tab-row').click();
      await page.getByText('Predicted').first().waitFor();
      same(page.faults, [], 'what went wrong');
      await page.close();
    }
  },

  async a_thread_that_ends_is_replaced() {
    const kept = () => { const Own = window.Worker; window.threads = []; window.Worker = class extends Own { constructor(url, options) { super(url, options); if (options.name === 'engine') window.threads.push(this); } }; };
    const page = await opened({ before: kept }), button = page.locator('button.run');
    await trained(page);
    const then = (await shared(page)).runs[0].weights;
    await button.click();
    await page.waitForFunction(() => document.querySelector('button.run').textContent.includes('Pause'));
    await page.evaluate(() => window.threads.splice(0).at(-1).dispatchEvent(new Event('error')));
    await page.locator('.toast', { hasText: 'the browser ended its thread' }).waitFor();
    same(await button.innerText(), 'Run', 'the button');
    await at(page, 0);
    truth((await shared(page)).runs[0].weights !== then, 'it goes on with the weights that were known last');
    await trained(page);
    same(await page.evaluate(() => window.threads.length), 1, 'threads in its place');
    same(page.faults.filter((each) => !each.includes('the browser ended its thread')), [], 'what went wrong');
  },

  async every_control_is_reached_and_named() {
    const page = await opened();
    await page.locator('[role=tab]').first().click();
    const count = await page.evaluate(() => {
      const all = [...document.querySelectorAll('button, input, select, summary, a[href], [tabindex="0"]')].filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility() && each.type !== 'file' && !each.closest('details:not([open]) > :not(summary)'));
      all.forEach((each, i) => { each.dataset.place = String(i); });
      return all.length;
    });
    const reached = new Set();
    const nameless = [];
    await page.evaluate(() => document.activeElement.blur());
    for (let i = 0; i < count + 5; i++) {
      await page.keyboard.press('Tab');
      const found = await page.evaluate(() => ({ place: document.activeElement?.dataset.place, outline: getComputedStyle(document.activeElement).outlineStyle, html: document.activeElement?.outerHTML.slice(0, 120) }));
      if (found.place !== undefined) reached.add(found.place);
      if (found.place !== undefined && found.outline === 'none') nameless.push(`no visible focus: ${found.html}`);
    }
    same(nameless, [], 'focus');
    const missed = await page.evaluate((seen) => [...document.querySelectorAll('[data-place]')].filter((each) => !seen.includes(each.dataset.place)).map((each) => each.outerHTML.slice(0, 100)), [...reached]);
    same(missed, [], 'not reached by Tab');
  },

  async nobody_is_kept_out() {
    for (const [colorScheme, viewport] of [['light', { width: 1440, height: 900 }], ['dark', { width: 1440, height: 900 }], ['light', { width: 400, height: 850 }]]) {
      const page = await opened({ colorScheme, viewport });
      await trained(page, 20);
      for (const tab of [null, 'row', 'unit', 'weight', 'score', 'surface', 'health']) {
        if (tab) await page.locator(`#tab-${tab}`).click();
        await page.waitForTimeout(80);
        same(await axe(page), [], `axe, ${colorScheme}, ${viewport.width} px, ${tab}`);
      }
      await page.close();
    }
  },

  async rewinding_is_exact() {
    const page = await opened();
    await trained(page);
    const end = await moment(page);
    const then = (await shared(page)).runs[0].weights;
    await slideTo(page, Math.floor(end / 3));
    await at(page, Math.floor(end / 3));
    truth((await shared(page)).runs[0].weights !== then, 'going back changed nothing');
    await slideTo(page, end);
    await at(page, end);
    same((await shared(page)).runs[0].weights, then, 'the weights at the same moment');
  },

  async what_came_to_its_end_goes_on() {
    const page = await opened(), button = page.locator('button.run');
    await page.locator('summary', { hasText: 'More settings' }).click();
    await page.locator('#set-epochs').fill('1');
    await page.locator('#set-epochs').press('Enter');
    await page.getByRole('button', { name: 'Epoch', exact: true }).click();
    await at(page, 24);
    await page.locator('.speed input').fill('0'); // a step a second
    await button.filter({ hasText: 'Run' }).click();
    await page.waitForTimeout(200);
    same(await button.innerText(), 'Pause', 'the button while it goes on');
    await button.click();
    await button.filter({ hasText: 'Run' }).waitFor();
  },

  async a_fork_is_two_runs() {
    const page = await opened();
    await trained(page);
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await page.locator('.network').nth(1).waitFor();
    const [a, b] = (await shared(page)).runs;
    same(a.weights, b.weights, 'both begin alike');
    await page.locator('#set-learning_rate').fill('0.5');
    await page.locator('#set-learning_rate').press('Enter');
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await page.waitForTimeout(150);
    const [c, d] = (await shared(page)).runs;
    truth(c.weights !== d.weights, 'two rates took the same step');
    same([c.settings.rate, d.settings.rate], [a.settings.rate, 0.5], 'the rates');
    truth(await page.locator('.curves path').count() >= 4, 'the curves of both runs');
    await page.getByRole('button', { name: 'Keep B' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.network').length === 1);
  },

  async a_link_holds_all() {
    const page = await opened();
    await page.locator('.set').nth(1).click();
    await page.locator('.set').nth(1).and(page.locator('[aria-pressed=true]')).waitFor(); // else it would run what is to go
    await trained(page);
    const sent = await shared(page);
    const other = await opened({ hash: `#${sent.link.split('#')[1]}` });
    await other.locator('.set').nth(1).and(other.locator('[aria-pressed=true]')).waitFor();
    const got = await shared(other);
    same([got.runs, got.source, got.axes], [sent.runs, sent.source, sent.axes], 'what the link opens');
    same(await moment(other), await moment(page), 'the moment');
    for (const each of [page, other]) {
      const next = (await moment(each)) + 1;
      await each.getByRole('button', { name: 'Step', exact: true }).click();
      await at(each, next);
    }
    same((await shared(other)).runs[0].weights, (await shared(page)).runs[0].weights, 'the next step, by the same state of the optimiser');
    const third = await opened();
    await third.evaluate((hash) => { location.hash = hash; }, sent.link.split('#')[1]); // a link that is pasted into the address of a page that is open
    await at(third, await moment(page) - 1);
    same((await shared(third)).source, sent.source, 'what a link opens in a page that is there');
    same(third.faults, [], 'what went wrong');
  },

  async a_link_waits_for_its_table() {
    writeFileSync(join(folder, 'mine.csv'), ['a,b,kind', ...Array.from({ length: 90 }, (_, i) => `${Math.sin(i)},${i % 7},${'xy'[i % 2]}`)].join('\n'));
    const dropped = async (page) => { await page.locator('input[type=file]').setInputFiles(join(folder, 'mine.csv')); await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('mine.csv')); };
    const rate = (page) => page.locator('#set-learning_rate'), page = await opened();
    await dropped(page);
    await rate(page).fill('0.33');
    await rate(page).press('Enter');
    await page.waitForTimeout(200);
    const hash = `#${(await shared(page)).link.split('#')[1]}`, other = await opened({ hash });
    await other.getByText('This link is about the table mine.csv').waitFor();
    await dropped(other);
    same(await rate(other).inputValue(), '0.33', 'the settings of the link, when its table is opened');
    const third = await opened();
    await dropped(third);
    await third.evaluate((hash) => { location.hash = hash; }, hash); // pasted into the address of a page that has the table
    await third.waitForFunction(() => document.querySelector('#set-learning_rate').value === '0.33');
    for (const each of [other, third]) same(each.faults, [], 'what went wrong');
  },

  async a_saved_page_opens_where_it_was_left() {
    const page = await opened();
    await trained(page);
    const bare = ({ runs }) => runs.map(({ settings, weights }) => ({ settings, weights }));
    const left = bare(await shared(page)), end = await moment(page), curve = await page.locator('.curves path').first().getAttribute('d');
    await page.locator('summary', { hasText: 'Share' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Save this page/ }).click()]);
    const path = join(folder, 'lab.html');
    await download.saveAs(path);
    const again = await opened({ url: pathToFileURL(path).href });
    same(bare(await shared(again)), left, 'the runs of the saved page');
    same(await moment(again), end, 'the moment');
    same(await again.locator('.curves path').first().getAttribute('d'), curve, 'the curve');
    for (const each of [page, again]) {
      await slideTo(each, Math.floor(end / 3));
      await at(each, Math.floor(end / 3));
    }
    same(bare(await shared(again)), bare(await shared(page)), 'an earlier moment');
    await again.getByRole('button', { name: 'Step', exact: true }).click();
    await at(again, Math.floor(end / 3) + 1);
    same(again.faults, [], 'what went wrong');
  },

  async a_table_with_gaps_and_words() {
    const rows = ['size,col\u202eour,<b>note</b>,kind'];
    for (let i = 0; i < 150; i++) rows.push([i % 17 ? (Math.sin(i) * 3 + (i % 3)).toFixed(3) : '', ['red', 'green', '"blue, dark"'][(i * 7) % 3], i % 11 ? (i * 37) % 100 : '', ['ant', 'b\u202eee', '<img src=x onerror=alert(1)>'][i % 3]].join(','));
    const path = join(folder, 'own.csv');
    writeFileSync(path, rows.join('\n'));
    const page = await opened();
    await page.locator('input[type=file]').setInputFiles(path);
    await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('own.csv'));
    await trained(page, 10);
    same(await page.locator('.target select').inputValue(), 'kind', 'the target');
    truth((await page.locator('.name').allTextContents()).some((text) => text.includes('<img')), 'a class is not shown as the text that it is');
    same(await page.locator('main img').count(), 0, 'foreign text became markup');
    same(await page.evaluate(() => /\u202e/.test(document.documentElement.innerHTML.replace(/<script[^]*?<\/script>| value="[^"]*"/g, ''))), false, 'a sign turns text round');
    truth((await page.locator('.name').allTextContents()).some((text) => text.includes('col\\u202eour')), 'a hidden sign of a name is not shown');
    truth((await page.locator('.name').allTextContents()).includes('bee'), 'a hidden sign is part of a cell');
    await page.locator('#tab-score').click();
    await page.locator('.confusion').waitFor();
    await page.locator('.matters').waitFor();
    same((await page.locator('.matters tbody th').allTextContents()).sort(), ['<b>note</b>', 'col\\u202eour', 'size'], 'columns by importance');
    same(page.faults, [], 'what went wrong');
  },

  async what_a_stranger_drops_is_read() {
    const page = await opened(), { gzipSync } = await import('node:zlib');
    const row = (i) => [`2024-05-01 ${10 + Math.floor(i / 10) % 10}:${10 + 5 * (i % 10)}`, 1700000000 + 60 * i, 2020 + (i % 2), ['x', 'y', 'z'][i % 3], 20240000 + i * 7, ['up', 'down'][i % 2]];
    const names = ['when', 'time', 'year', 'word', 'day', 'kind'], rows = Array.from({ length: 60 }, (_, i) => row(i)), text = (record) => record.join(',');
    const files = {
      'trailing.csv': [names, ...rows].map((record) => `${text(record)},`).join('\n'), // a last column that says nothing
      'always.csv': [[...names, 'unit'], ...rows.map((record) => [...record, 'EUR'])].map(text).join('\n'),
      'rows.json': JSON.stringify(rows.map((record) => Object.fromEntries(record.map((cell, k) => [names[k], cell])))),
      'packed.csv.gz': gzipSync([names, ...rows].map(text).join('\n')),
    };
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(folder, name), content);
      await page.locator('input[type=file]').setInputFiles(join(folder, name));
      await page.waitForFunction((file) => document.querySelector('.about')?.textContent.includes(file), name);
      same(await page.locator('.target select').inputValue(), 'kind', `the target of ${name}`);
    }
    for (const axis of ['when', 'time', 'year']) {
      await page.locator('.axes select').first().selectOption(axis);
      const ticks = await page.locator('.x-ticks > span').allTextContents();
      truth(ticks.length > 1 && new Set(ticks).size === ticks.length, `ticks of ${axis}: ${ticks}`);
    }
    await page.evaluate((files) => {
      for (const [name, text] of files) {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], name));
        window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
      }
    }, [['large.csv', [names, ...Array.from({ length: 20_000 }, (_, i) => row(i))].map(text).join('\n')], ['always.csv', files['always.csv']]]);
    await page.waitForFunction(() => document.querySelector('.about').textContent.includes('always.csv'));
    await page.waitForTimeout(2000);
    truth((await page.locator('.about').textContent()).includes('always.csv'), 'a table that was opened later went');
    await page.locator('#tab-row').click();
    same(await page.locator('.inputs input').last().inputValue(), '20240000', 'a large number to be edited');
    await page.locator('.inputs input').last().fill('many');
    await page.locator('.inputs input').last().press('Enter');
    same(await page.locator('.inputs input').last().inputValue(), '20240000', 'after what is no number');
    await page.locator('.target select').selectOption('time'); // 60 times
    await page.locator('.legend', { hasText: 'high time' }).waitFor(); // till then it is on its way
    await page.locator('.target select').selectOption('unit');
    await page.locator('.toast', { hasText: 'only EUR' }).waitFor();
    same(await page.locator('.target select').inputValue(), 'time', 'the target after one that cannot be');
    await page.evaluate((text) => { const clipboardData = new DataTransfer(); clipboardData.setData('text', text); document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true })); }, [names, ...rows].map((record) => record.join('\t')).join('\r\n'));
    await page.waitForFunction(() => document.querySelector('.about').textContent.includes('pasted.csv'));
    const cell = (value) => (typeof value === 'number' ? `<c><v>${value}</v></c>` : `<c t="inlineStr"><is><t>${value}</t></is></c>`);
    const sheet = (records) => `<worksheet><sheetData>${records.map((record) => `<row>${record.map(cell).join('')}</row>`).join('')}</sheetData></worksheet>`;
    writeFileSync(join(folder, 'book.xlsx'), archive({
      'xl/workbook.xml': '<workbook><sheets><sheet name="Notes" r:id="a"/><sheet name="Data &amp; more" r:id="b"/></sheets></workbook>',
      'xl/_rels/workbook.xml.rels': '<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/><Relationship Id="b" Target="worksheets/sheet2.xml"/></Relationships>',
      'xl/worksheets/sheet1.xml': sheet([['made by me']]), 'xl/worksheets/sheet2.xml': sheet([names, ...rows]),
    }));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'book.xlsx'));
    await page.getByText('read from its sheet "Data & more", not Notes').waitFor();
    same(await page.locator('.target select').inputValue(), 'kind', 'the target of a workbook');
    await page.locator('.target select').selectOption('word');
    await page.waitForFunction(() => document.querySelector('.target select').value === 'word');
    [rows.slice(40), rows.slice(0, 40)].forEach((part, i) => writeFileSync(join(folder, `part-${1 - i}.csv`), [names, ...part].map(text).join('\n')));
    await page.locator('input[type=file]').setInputFiles(['part-1.csv', 'part-0.csv'].map((name) => join(folder, name)));
    await page.getByText('2 files with the same columns, one below the other').waitFor();
    truth((await page.locator('.about').textContent()).includes('part-0.csv + 1: 60 rows'), 'files together');
    writeFileSync(join(folder, 'z-other.csv'), 'a,b\n1,2\n2,3\n');
    await page.locator('input[type=file]').setInputFiles(['z-other.csv', 'part-0.csv'].map((name) => join(folder, name)));
    await page.locator('.toast', { hasText: 'part-0.csv was opened without z-other.csv' }).waitFor();
    const korean = [0xb5, 0xb5, 0xbd, 0xc3]; // 도시 in EUC-KR, which GB18030 has other signs for
    writeFileSync(join(folder, 'korean.csv'), Buffer.concat([Buffer.from(korean), Buffer.from(`,kind\n${rows.map((_, i) => `${i / 2},${'ab'[i % 2]}`).join('\n')}`)]));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'korean.csv'));
    await page.locator('.name', { hasText: '도시' }).waitFor();
    same(await page.locator('.encoding select').inputValue(), 'EUC-KR', 'the encoding');
    await page.locator('.encoding select').selectOption('GB18030');
    await page.waitForFunction(() => ![...document.querySelectorAll('.name')].some((each) => each.textContent.includes('도시')));
    writeFileSync(join(folder, 'unclear.csv'), Buffer.from(`x\u00fcx,kind\n${rows.map((_, i) => `${i / 2},${'ab'[i % 2]}`).join('\n')}`, 'latin1'));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'unclear.csv'));
    await page.getByRole('button', { name: 'xьx Windows-1251' }).click(); // no language has xüx
    await page.locator('.name', { hasText: 'xьx' }).waitFor();
    same(await page.locator('.encoding select').inputValue(), 'Windows-1251', 'the encoding that was chosen');
    same(page.faults, [], 'what went wrong');
  },

  async a_large_table_leaves_the_page_free() {
    const page = await opened(), row = (i) => `2024-01-0${1 + (i % 9)},${Math.sin(i).toFixed(6)},${(i * 37) % 1009},word ${i % 50},${i % 3 ? 'up' : 'down'}`;
    const table = (n) => ['day,x,n,word,kind', ...Array.from({ length: n }, (_, i) => row(i))].join('\n');
    writeFileSync(join(folder, 'large.csv'), table(150_000));
    writeFileSync(join(folder, 'middle.csv'), table(30_000));
    writeFileSync(join(folder, 'small.csv'), table(60));
    const open = (name) => page.locator('input[type=file]').setInputFiles(join(folder, name)), progress = page.locator('progress');
    await run(page);
    await open('large.csv');
    await progress.waitFor();
    same(await page.locator('[role=status] label').textContent(), 'Reading large.csv …', 'what is said');
    const begin = await moment(page);
    await page.waitForFunction((n) => Number(document.querySelector('.rewind input').value) > n, begin); // the network goes on meanwhile
    truth(await progress.count(), 'the table was there before anything else could happen');
    await page.getByRole('button', { name: 'Stop reading' }).click();
    await progress.waitFor({ state: 'detached' });
    await open('large.csv');
    await progress.waitFor();
    await open('small.csv');
    await page.waitForFunction(() => document.querySelector('.about').textContent.includes('small.csv'));
    await page.waitForTimeout(3000);
    truth((await page.locator('.about').textContent()).includes('small.csv'), 'a table that was opened later went');
    await open('middle.csv');
    await page.waitForFunction(() => document.querySelector('.about').textContent.includes('middle.csv: 30,000 rows'), null, { timeout: 90_000 });
    await page.locator('.target select').selectOption('n');
    await page.locator('.legend', { hasText: 'high n' }).waitFor({ timeout: 90_000 });
    same(await progress.count(), 0, 'the progress of what is read');
    await trained(page, 10);
    await working(page, 2, 'what read is gone');
    same(page.faults, [], 'what went wrong');
  },

  async many_classes_are_shown_in_part() {
    const page = await opened();
    writeFileSync(join(folder, 'classes.csv'), ['a,b,kind', ...Array.from({ length: 1200 }, (_, i) => `${Math.sin(i)},${i % 7},class ${i % 200}`)].join('\n'));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'classes.csv'));
    await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('classes.csv'));
    await trained(page, 5);
    await page.locator('#tab-score').click();
    await page.locator('.confusion').waitFor();
    same(await page.locator('.confusion tbody tr').count(), 30, 'classes of the confusion');
    await page.getByText('30 of 200 classes').waitFor();
    await page.locator('.legend', { hasText: 'and 188 more' }).waitFor();
    same(page.faults, [], 'what went wrong');
  },

  async a_survey_is_seen() {
    const page = await opened(), question = 'How satisfied are you with our service, all in all?', says = ['not at all', 'so so', 'very'];
    const rows = Array.from({ length: 150 }, (_, i) => `${says[(i * 7) % 3]},${says[(i * 5 + (i >> 3)) % 3]},${i % 2 ? 'yes' : 'no'}`);
    writeFileSync(join(folder, 'survey.csv'), [`"${question}",other,again`, ...rows].join('\n'));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'survey.csv'));
    await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('survey.csv'));
    const names = await page.locator('.name.left').allTextContents();
    for (const said of says) truth(names.some((name) => name.startsWith('How') && name.includes('…') && name.endsWith(`=${said}`)), `an input whose word is not seen: ${names}`);
    await page.waitForTimeout(300);
    await page.locator('section:has(.surface) summary[aria-label="Save this picture"]').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('details.menu[open]').getByRole('button', { name: 'SVG' }).click()]);
    const dots = [...readFileSync(await download.path(), 'utf8').matchAll(/<circle cx="([^"]+)" cy="([^"]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]), cell = (v, from) => ((v - from) / 400 * 3) % 1 - 0.5;
    const within = dots.map(([x, y]) => [cell(x, 40), cell(y, 10)]), sum = (of) => within.reduce((all, each) => all + of(each), 0);
    truth(dots.length === 150 && Math.abs(sum(([x, y]) => x * y)) < 0.3 * Math.sqrt(sum(([x]) => x * x) * sum(([, y]) => y * y)), 'rows with the same words lie on a line');
    const columns = [...Array(9).keys()].map((i) => `measurement number ${i + 4} of the sensor`), table = [[...columns, 'y'], ...Array.from({ length: 60 }, (_, i) => [...Array(10).keys()].map((k) => Math.sin(i * (k + 1)).toFixed(3)))];
    writeFileSync(join(folder, 'alike.zip'), archive({ 'alike.csv.gz': gzipSync(table.join('\n')), 'README.txt': 'alike' }));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'alike.zip'));
    await page.waitForFunction(() => document.querySelector('.about').textContent.includes('alike.zip'));
    const alike = await page.locator('.name.left').allTextContents();
    same(alike.map((name) => Number(/\d+/.exec(name))), columns.map((_, i) => i + 4), 'inputs whose names begin and end alike, by their numbers');
    same(page.faults, [], 'what went wrong');
  },

  async a_drawn_digit_is_read() {
    const page = await opened();
    await page.locator('.set').last().click();
    await page.locator('.pad canvas').waitFor();
    await run(page);
    await page.waitForFunction(() => parseFloat(document.querySelector('.held strong')?.textContent) > 95, null, { timeout: 60_000 });
    await run(page);
    const box = await page.locator('.pad canvas').boundingBox();
    let right = 0;
    const said = [];
    for (const { digit, strokes } of digits) {
      for (const stroke of strokes) {
        const [[x, y], ...rest] = stroke.map(([px, py]) => [box.x + px * box.width, box.y + py * box.height]);
        await page.mouse.move(x, y);
        await page.mouse.down();
        for (const [px, py] of rest) await page.mouse.move(px, py, { steps: 2 });
        await page.mouse.up();
      }
      await page.waitForTimeout(120);
      const answer = await page.locator('.says strong').textContent();
      said.push(`${digit}→${answer}`);
      if (answer === String(digit)) right++;
      await page.getByRole('button', { name: 'Clear' }).click();
    }
    truth(right >= 8, `${right} of 10 were read: ${said.join(' ')}`);
  },

  async both_languages_and_colours() {
    const page = await opened({ locale: 'zh-CN', colorScheme: 'dark' });
    truth((await page.locator('button.run').textContent()).includes('运行'), 'the browser’s language');
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.locator('.language select').selectOption('en');
    truth((await page.locator('button.run').textContent()).includes('Run'), 'the switch of languages');
    await page.locator('nav button.icon').last().click();
    await page.waitForFunction((was) => getComputedStyle(document.body).backgroundColor !== was, dark);
  },

  async other_rows_are_answered() {
    const table = (name, head, rows) => (writeFileSync(join(folder, name), [head, ...rows].join('\n')), join(folder, name)), page = await opened();
    await page.locator('input[type=file]').setInputFiles(table('sizes.csv', 'id,x,size', Array.from({ length: 120 }, (_, i) => `r${i},${i},${i / 4}`)));
    await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('sizes.csv'));
    await trained(page, 40);
    await page.locator('#tab-score').click();
    truth(/^R² \S+ \S+ – \S+ 0$/.test((await page.locator('.score tbody tr').first().innerText()).replace(/\s+/g, ' ')), 'the score on rows held out, with its interval');
    const others = table('others.csv', 'note,x', ['first,30', '"a, b",1000000', ',-1000000']), said = 'row,note,x,prediction';
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: /Predict the rows/ }).click()]);
    const [download] = await Promise.all([page.waitForEvent('download'), chooser.setFiles(others)]), path = join(folder, 'answers.csv');
    await download.saveAs(path);
    const [head, ...lines] = readFileSync(path, 'utf8').slice(1).trim().split('\n'), answers = lines.map((line) => Number(line.split(',').at(-1)));
    same([head, lines[1].startsWith('2,"a, b",1000000,'), lines.length], [said, true, 3], 'the file');
    truth(answers.every((each) => each >= 0 && each <= 29.75) && answers[1] > answers[2], `answers beyond those learnt from: ${answers}`);
    await page.getByText('3 rows with their predictions are in others-predictions.csv').waitFor();
    const [again] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: /Predict the rows/ }).click()]);
    await again.setFiles(table('none.csv', 'a,b', ['1,2', '3,4']));
    await page.getByText('expected a column "x"').waitFor();
    same(page.faults, [], 'what went wrong');
  },

  async a_telephone_shows_all() {
    const page = await opened({ viewport: { width: 400, height: 850 }, hasTouch: true });
    for (const button of [page.getByRole('button', { name: /Open a table/ }), page.locator('button.run')]) truth((await button.boundingBox()).y < 850, 'what begins is not on the first screen');
    await trained(page, 20);
    for (const tab of ['row', 'unit', 'weight', 'score', 'surface', 'health']) {
      await page.locator(`#tab-${tab}`).tap();
      same(await page.evaluate(() => document.documentElement.scrollWidth), 400, `the width with ${tab} open`);
    }
    for (let units = 9; units < 15; units++) {
      await page.getByRole('button', { name: 'More units in layer 1' }).tap();
      await page.waitForFunction((n) => document.querySelector('pre code')?.textContent.includes(`--hidden ${n},8`), units);
    }
    const tops = await page.locator('button.unit[aria-label^="Layer 1"]').evaluateAll((all) => all.map((unit) => unit.getBoundingClientRect()).map(({ top, height }) => top + height / 2));
    truth(tops.length < 14 && tops.slice(1).every((top, i) => top - tops[i] > 23.9), `units are too close for a finger: ${tops}`);
  },

  async whatever_is_pressed_nothing_breaks() {
    const page = await opened({ viewport: { width: 400, height: 850 } });
    const click = (...names) => page.evaluate((all) => all.forEach((name) => document.querySelector(`button[aria-label="${name}"]`)?.click()), names); // at once, as no hand can
    for (const text of ['The same from a terminal', 'More settings']) await page.locator('summary', { hasText: text }).click();
    same(await page.evaluate(() => document.documentElement.scrollWidth), 400, 'the width with a long command');
    await trained(page, 30);
    await page.locator('select[aria-label="Activation: Layer 2"]').selectOption('relu');
    for (let i = 0; i < 3; i++) {
      await click('One hidden layer more');
      await page.waitForTimeout(150);
      await run(page);
      await page.waitForTimeout(150);
      await click('One hidden layer fewer');
      await page.waitForTimeout(150);
    }
    await click('Fork', 'One hidden layer fewer');
    await page.waitForTimeout(1000);
    await click('Fork', 'Fork');
    await page.waitForTimeout(1000);
    same(page.faults, [], 'what went wrong');
    const long = (sign) => sign.repeat(200), rows = Array.from({ length: 60 }, (_, i) => `2024-01-01 ${String(i % 24).padStart(2, '0')}:15:00,${i / 3},${long('class ')}${i % 2}`);
    writeFileSync(join(folder, 'long.csv'), [`${long('a')},${long('b')},kind`, ...rows].join('\n'));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'long.csv'));
    await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('long.csv'));
    same(await page.evaluate(() => document.documentElement.scrollWidth), 400, 'the width with long names');
    await trained(page, 20);
    same(await page.getByRole('button', { name: /Scale the inputs/ }).count(), 0, 'a repair of inputs that are scaled');
    same(page.faults, [], 'what went wrong with long names');
  },

  async a_teacher_hides_what_distracts() {
    const page = await opened({ query: '?hide=settings,share,lessons,drawer' });
    same(await page.locator('#settings-title, [role=tablist], summary:has-text("Share"), summary:has-text("Lessons")').count(), 0, 'what is hidden');
  },

  async a_lesson_goes_on_when_it_is_done() {
    const page = await opened({ query: '?lesson=step' });
    await page.locator('#lesson-title').waitFor();
    await page.locator('#tab-row').click();
    await page.getByText('Done.').waitFor();
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await page.getByText('Done.').waitFor();
  },

  async a_model_file_goes_on_with_its_table() {
    const page = await opened();
    await trained(page, 30);
    await page.locator('summary', { hasText: 'Share' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Download the model/ }).click()]);
    const path = join(folder, 'circle.deltaw');
    await download.saveAs(path);
    const W = (await shared(page)).runs[0].weights;
    const again = await opened();
    await again.locator('input[type=file]').setInputFiles(path);
    await again.getByText('The trained weights go on here').waitFor();
    const found = (await shared(again)).runs[0];
    truth(found.weights.startsWith(W.slice(0, 120)), 'the first layers are not those of the file');
    same(found.settings.layers.at(-1), { units: 2, activation: 'softmax' }, 'the output, as Python has it');
    writeFileSync(join(folder, 'other.csv'), ['a,b', ...Array.from({ length: 30 }, (_, i) => `${i},${i % 2 ? 'yes' : 'no'}`)].join('\n'));
    await again.locator('input[type=file]').setInputFiles(join(folder, 'other.csv'));
    await again.waitForFunction(() => document.querySelector('.about')?.textContent.includes('other.csv'));
    await again.locator('input[type=file]').setInputFiles(path);
    await again.getByText('predicts class from columns that are not here').waitFor();
    await again.locator('.set').nth(1).click(); // which is no table of the reader's: the model waits on
    await again.locator('.set').nth(1).and(again.locator('[aria-pressed=true]')).waitFor();
    writeFileSync(join(folder, 'points.csv'), ['x,y,class', ...Array.from({ length: 30 }, (_, i) => `${Math.sin(i)},${Math.cos(3 * i)},${i % 2 ? 'blue' : 'orange'}`)].join('\n'));
    await again.locator('input[type=file]').setInputFiles(join(folder, 'points.csv'));
    await again.getByText('The trained weights go on here, with 30 rows').waitFor();
    same(again.faults, [], 'what went wrong');
  },

  async what_cannot_be_read_is_said() {
    const page = await opened({ locale: 'zh-CN' });
    const table = (rows) => ['a,b,kind', ...rows].join('\n'), thirty = (row) => Array.from({ length: 30 }, (_, i) => row(i));
    const files = {
      'empty.csv': ['', '应为表，实际：空文件；请给出有表头和数据行的文件'],
      'header.csv': ['a,b,kind\n', '表头下面应有数据行，实际：只有表头'],
      'one.csv': [table(thirty(() => '1,2,ant')), '目标“kind”应有不同的值，实际：只有 ant；请另选目标'],
      'stray.csv': [table(thirty((i) => `${i === 6 ? 'x1' : i},${i % 4},${'ab'[i % 2]}`)), '列“a”第 7 行应为数值，实际："x1"；请改正单元格、留空，或去掉该列'],
      'far.csv': [table(thirty((i) => `${i === 6 ? '1e400' : i},${i % 4},${'ab'[i % 2]}`)), '列“a”第 7 行应为有限数'],
      'ragged.csv': [table(thirty((i) => (i === 6 ? '1,2' : `${i},${i % 4},${'ab'[i % 2]}`))), '第 8 行应有 3 个字段，与第一行一样，实际：2；'],
      'book.csv': ['PK\x03\x04', '应为表，实际：无法读取的 ZIP 压缩包；请重新写出或获取该文件'],
      'title.csv': ['报告\na,kind\n1,a\n2,b\n', '与第一行一样，实际：2；请删去列名上方的内容'],
      'damaged.xlsx': [archive({ 'xl/workbook.xml': '<workbook/>' }), '应为 Excel 工作簿，实际：无法读取（xl/workbook.xml）；请重新保存'],
      'noise.deltaw': ['12345678901234567890', '应为 DeltaW 写的模型文件，实际：另一种文件；请给出 .deltaw 文件'],
    };
    for (const [name, [content, expected]] of Object.entries(files)) {
      writeFileSync(join(folder, name), content);
      await page.locator('input[type=file]').setInputFiles(join(folder, name));
      await page.locator('.toast', { hasText: expected }).waitFor({ timeout: 5000 }).catch(async () => { throw new Error(`${name}: expected ${expected}, found ${await page.locator('.toast').textContent()}`); });
    }
    truth((await page.locator('.about').textContent()).startsWith('圆：'), 'what was there is gone');
    writeFileSync(join(folder, 'gb.csv'), Buffer.concat([Buffer.from([0xbc, 0xdb, 0xb8, 0xf1]), Buffer.from(table(thirty((i) => `${i / 2},${i % 4},${'ab'[i % 2]}`)).slice(1))])); // 价格, in GB18030
    await page.locator('input[type=file]').setInputFiles(join(folder, 'gb.csv'));
    await page.getByText('按 GB18030 读取').waitFor();
    truth((await page.locator('.name').allTextContents()).includes('价格'), 'GB18030 was read as something else');
    same(page.faults, [], 'what went wrong');
    const { deflateRawSync } = await import('node:zlib');
    const forged = (lab) => deflateRawSync(typeof lab === 'string' ? lab : JSON.stringify(lab)).toString('base64url');
    const one = { v: 1, source: { kind: 'toy', name: 'circle', noise: 0, seed: 0 }, name: 'circle', forkedAt: 0, axes: [0, 1], row: 0, lesson: null };
    for (const hash of ['', '%%%', 'AAAA', forged('{"v":1'), forged({ ...one, runs: [{}] }), forged({ ...one, runs: [{ settings: { layers: [{ units: 1e12, activation: 'tanh' }] }, weights: null }] })]) {
      const other = await opened({ hash: `#lab=${hash}` });
      await other.locator('.toast', { hasText: 'cannot be read' }).waitFor({ timeout: 5000 });
      same(other.faults, [], `what went wrong with #lab=${hash}`);
      await other.close();
    }
    const plain = { layers: [{ units: 3, activation: 'tanh' }, { units: 1, activation: 'sigmoid' }], bias: true, init: null, loss: 'squared', optimizer: 'sgd', rate: 0.1, schedule: 'constant', epochs: 9, batch: 9, shuffle: true, seed: 0,
      backward: 'gradient', l2: 0, dropout: 0, dropoutSchedule: 'constant', labelSmoothing: 0, maxGradNorm: null, heldOut: 0.2 };
    for (const [own, expected] of [
      [{ optimizer: 'constructor' }, 'optimizer：应为 sgd、'], [{ loss: 'huber(1' }, 'loss：应为名称，或带设置的名称，如 name(0.5)，实际：'], [{ schedule: 'step(a=1)' }, "schedule：应为 'step' 接受的设置"],
      [{ init: 'normal(1e999)' }, 'init：应为有限数'], [{ loss: 'pinball(0.1, 0.2, 0.3)' }, 'loss：应为一个设置，或每个输出一个，实际：3；请改正'], [{ layers: [...Array(9).fill({ units: 10_000, activation: 'tanh' }), plain.layers[1]] }, '一个页面最多容纳 20,000,000 个权重，实际：8'],
      [{ layers: [plain.layers[0], { units: 2, activation: 'softmax' }] }, '每个目标应有一个输出，实际：2；'],
    ]) {
      const other = await opened({ hash: `#lab=${forged({ ...one, runs: [{ settings: { ...plain, ...own }, weights: null }] })}`, locale: 'zh-CN' });
      await other.locator('.toast', { hasText: expected }).waitFor({ timeout: 15_000 }).catch(async () => { throw new Error(`${JSON.stringify(own).slice(0, 80)}: expected ${expected}, found ${await other.locator('.toast').allTextContents()}`); });
      same(other.faults, [], `what went wrong with ${JSON.stringify(own).slice(0, 80)}`);
      await other.close();
    }
    const html = readFileSync(resolve(file), 'utf8');
    for (const [name, page] of [['state.html', html.replace('<!--deltaw-->', '<!--deltaw--><script type="application/json" id="page">{"v":1,"runs":[</script>')], ['table.html', html.replace('id="table">', 'id="table">H4sIAAAA')]]) {
      writeFileSync(join(folder, name), page);
      const other = await opened({ url: pathToFileURL(join(folder, name)).href });
      await other.locator('.toast', { hasText: 'cannot be read' }).waitFor({ timeout: 5000 });
      await trained(other, 5);
      same(other.faults, [], `what went wrong in ${name}`);
      await other.close();
    }
  },

  async numbers_by_hand_are_numbers() {
    const page = await opened();
    await page.locator('#tab-weight').click();
    const field = page.locator('.weight-tab .pick input'), before = await field.inputValue();
    for (const bad of ['NaN', 'Infinity', '1e39', 'abc', '']) {
      await field.fill(bad);
      await field.press('Enter');
      await page.locator('.toast', { hasText: 'is no number' }).waitFor();
      same(await field.inputValue(), before, `the weight after “${bad}”`);
    }
    await field.fill('−2,5');
    await field.press('Enter');
    await page.waitForFunction(() => document.querySelector('.weight-tab .pick input').value === '-2.5');
    await page.waitForFunction(() => !document.querySelector('.toast.wrong')); // what was wrong is right now
    for (const [name, typed, after] of [['learning_rate', '0,05', '0.05'], ['learning_rate', '1e-320', '0.05'], ['seed', '3.4', '3'], ['seed', '3.3', '3']]) {
      await page.locator(`#set-${name}`).fill(typed);
      await page.locator(`#set-${name}`).press('Enter');
      await page.waitForFunction(([id, value]) => document.getElementById(id).value === value, [`set-${name}`, after]);
    }
    await page.locator('.head select').last().selectOption('softmax'); // of one output: refused
    await page.locator('.toast', { hasText: 'always 1' }).waitFor();
    same(await page.locator('.head select').last().inputValue(), 'sigmoid', 'the activation after one that cannot be');
    await page.locator('#tab-weight').click();
    await field.fill('3e38');
    await field.press('Enter');
    await trained(page, 20);
    same(page.faults, [], 'what went wrong');
  },

  async pictures_are_taken_along() {
    const page = await opened();
    await trained(page);
    for (const tab of ['score', 'weight']) {
      await page.locator(`#tab-${tab}`).click();
      await page.waitForTimeout(150);
    }
    const found = [];
    for (const tab of ['weight', 'score']) {
      if (tab === 'score') await page.locator('#tab-score').click();
      await page.locator(tab === 'score' ? '.confusion' : '.weight-tab figure').waitFor();
      for (const menu of await page.locator('summary[aria-label="Save this picture"]').all()) {
        await menu.click();
        const [download] = await Promise.all([page.waitForEvent('download'), page.locator('details.menu[open]').getByRole('button', { name: 'SVG' }).click()]);
        const text = readFileSync(await download.path(), 'utf8');
        found.push(download.suggestedFilename());
        truth(/^<svg [^]*<\/svg>$/.test(text) && !/NaN|undefined/.test(text.replace(/data:[^"]*/g, '')), `${found.at(-1)}: ${text.slice(0, 200)}`);
      }
    }
    same([...new Set(found)].sort(), ['confusion', 'curves', 'network', 'surface', 'weight'].map((name) => `deltaw-${name}.svg`), 'the pictures');
    same(page.faults, [], 'what went wrong');
  },

  async a_page_within_a_page_has_no_link() {
    const page = await opened();
    await page.evaluate((html) => { const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts'; frame.srcdoc = html; frame.style.cssText = 'width: 1200px; height: 700px'; document.body.replaceChildren(frame); }, readFileSync(resolve(file), 'utf8'));
    const within = page.frameLocator('iframe');
    await within.locator('summary', { hasText: 'Share' }).click();
    await within.getByText('no link leads to it').waitFor();
    same(await within.getByRole('button', { name: /Copy a link/ }).count(), 0, 'links to no place');
  },

  async columns_and_scaling_are_chosen() {
    const rows = ['day,height,length,kind'];
    for (let i = 0; i < 120; i++) rows.push([new Date(Date.UTC(2021, 0, 1 + 9 * i)).toISOString().slice(0, 10), (1000 * Math.sin(i) + 3000).toFixed(0), Math.cos(i).toFixed(3), Math.sin(i) > 0 ? 'up' : 'down'].join(','));
    const path = join(folder, 'days.csv');
    writeFileSync(path, rows.join('\n'));
    const page = await opened();
    await page.locator('input[type=file]').setInputFiles(path);
    await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('days.csv'));
    await page.locator('.axes select').first().selectOption('day');
    truth((await page.locator('.x-ticks').textContent()).includes('2022'), 'a date axis has no years');
    await page.locator('.scaling select').selectOption('none');
    await page.getByText('root mean square').waitFor();
    await page.getByRole('button', { name: /Scale the inputs/ }).click();
    await page.waitForFunction(() => document.querySelector('.scaling select').value === 'standard');
    await page.getByRole('button', { name: 'All as deltaw train has it' }).click();
    await page.waitForFunction(() => document.querySelector('.scaling select').value === 'piecewise' && document.querySelector('pre code').textContent.includes('--hidden 64,64 '));
    await page.locator('summary', { hasText: 'Input columns' }).click();
    const before = (await page.locator('.about').textContent()).match(/(\d+) inputs/)[1];
    await page.getByRole('checkbox', { name: /length/ }).uncheck().catch(() => {}); // the list is made anew
    await page.waitForFunction((was) => Number(document.querySelector('.about').textContent.match(/(\d+) inputs/)[1]) === was - 1, Number(before));
    await trained(page, 10);
    await page.getByRole('button', { name: 'Finish as deltaw train does' }).click();
    await page.getByText('where E of the held-out rows is least').waitFor();
    writeFileSync(join(folder, 'fives.csv'), ['x,kind', ...Array.from({ length: 600 }, (_, i) => `${Math.sin(i).toFixed(4)},${'abcde'[i % 5]}`)].join('\n'));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'fives.csv'));
    await page.waitForFunction(() => document.querySelector('.about').textContent.includes('fives.csv'));
    await page.locator('.scaling select').selectOption('piecewise');
    await page.waitForFunction(() => Number(document.querySelector('.about').textContent.match(/(\d+) inputs?/)[1]) > 8);
    const { weights, settings } = (await shared(page)).runs[0], first = new Float32Array(new Uint8Array(Buffer.from(weights, 'base64')).buffer), units = settings.layers[0].units;
    const nIn = Number((await page.locator('.about').textContent()).match(/(\d+) inputs/)[1]), size = (k) => Math.hypot(...Array.from({ length: units }, (_, j) => first[j * nIn + k]));
    const bins = Array.from({ length: nIn - 1 }, (_, k) => size(k + 1));
    truth(size(0) > 2 * (bins.reduce((a, b) => a + b) / bins.length), `with many classes a number begins with no larger weights than its bins: ${size(0)}, ${bins}`);
    same(page.faults, [], 'what went wrong');
  },

  async all_lessons_are_followed() {
    const set = (name, value) => async (page) => { const field = page.locator(`#set-${name}`); if ((await field.evaluate((each) => each.tagName)) === 'SELECT') await field.selectOption(value); else { await field.fill(value); await field.press('Enter'); } };
    const tab = (name) => (page) => page.locator(`#tab-${name}[aria-selected=false]`).click();
    const input = (page, at, value) => page.locator(at).first().fill(value).then(() => page.locator(at).first().press('Enter'));
    const weight = async (page) => { if (!(await page.locator('.weight-tab').count())) await page.locator('#tab-weight').click(); await input(page, '.weight-tab .pick input', '2'); };
    const draw = async (page) => { const box = await page.locator('.pad canvas').boundingBox(); await page.mouse.move(box.x + box.width / 2, box.y + 20); await page.mouse.down(); await page.mouse.move(box.x + box.width / 2, box.y + box.height - 30, { steps: 4 }); await page.mouse.up(); };
    const start = async (page) => { if (/Run/.test(await page.locator('button.run').textContent())) await run(page); };
    const fast = async (page) => { await page.locator('.speed input').evaluate((each) => { each.value = '13'; each.dispatchEvent(new Event('input', { bubbles: true })); }); await start(page); };
    const fork = (page) => page.getByRole('button', { name: 'Fork', exact: true }).click();
    const all = (...steps) => async (page) => { for (const each of steps) await each(page); };
    const unit = (page) => page.getByRole('button', { name: /^Layer 1, neuron 1/ }).click();
    const LESSONS = {
      line: [fast, tab('weight'), weight],
      lines: [fast, (page) => page.getByRole('button', { name: 'One hidden layer more' }).click(), fast],
      neuron: [unit, (page) => input(page, '.unit-tab td input', '1.5'), (page) => page.locator('select[aria-label="Activation: Layer 1"]').selectOption('relu')],
      signals: [tab('row'), (page) => input(page, '.inputs input', '0.5'), (page) => page.getByRole('button', { name: /^Layer 2, neuron 1/ }).click()],
      errors: [fast, tab('score'), set('loss', 'absolute')],
      descent: [fast, all(set('learning_rate', '0.5'), fast), all(set('learning_rate', '8'), fast)],
      split: [tab('row'), set('backward', 'notes'), all(fork, set('backward', 'gradient'), fast)],
      gradient: [tab('weight'), weight, (page) => page.locator('.weight-tab select').first().selectOption('0')],
      step: [tab('row'), (page) => page.getByRole('button', { name: 'Step', exact: true }).click(), fast],
      data: [all(fast, tab('health')), set('init', ''), all(set('init', 'zeros'), fast)],
      network: [fast, draw, tab('draw')],
    };
    for (const [name, steps] of Object.entries(LESSONS)) {
      const page = await opened({ query: `?lesson=${name}` });
      await page.locator('#lesson-title').waitFor();
      for (const [i, step] of steps.entries()) {
        if (!(await page.locator('.lesson .done').count())) await step(page);
        await page.locator('.lesson .done').waitFor({ timeout: 60_000 }).catch(() => { throw new Error(`lesson ${name}, step ${i + 1}: it was done, and is not seen`); });
        if (i + 1 < steps.length) await page.locator('.lesson .on button').click();
        await page.waitForTimeout(50);
      }
      same(page.faults, [], `what went wrong in ${name}`);
      await page.close();
    }
  },

  async a_wrong_choice_is_undone() {
    const page = await opened(), undo = page.getByRole('button', { name: 'Undo' });
    await page.locator('.set').nth(1).click(); // nothing was learnt yet: nothing is to be undone
    await page.locator('.set').nth(1).and(page.locator('[aria-pressed=true]')).waitFor();
    same(await undo.count(), 0, 'what could be undone');
    await trained(page);
    const before = await shared(page);
    for (const wrong of [page.locator('.set').first(), page.getByRole('button', { name: 'One hidden layer more' }), page.locator('.set').last()]) {
      await wrong.click();
      await undo.click();
      const { link: _, ...now } = await shared(page), { link: __, ...then } = before;
      same(now, then, 'what is there again');
    }
    await working(page, 2, 'what was wrong is gone');
    await page.locator('.set').first().click();
    await undo.waitFor();
    await page.keyboard.press('Control+z');
    await undo.waitFor({ state: 'detached' });
    same((await shared(page)).runs, before.runs, 'what is there after Ctrl+Z');
    await page.getByRole('button', { name: 'One hidden layer more' }).click();
    await undo.waitFor();
    await page.locator('.toast').getByRole('button', { name: 'Close' }).click();
    await working(page, 2, 'what was put aside is gone');
    await trained(page, 5);
    const leaving = page.waitForEvent('dialog', { timeout: 2000 }).then(() => true, () => false);
    writeFileSync(join(folder, 'own.csv'), ['a,b,kind', ...Array.from({ length: 90 }, (_, i) => `${Math.sin(i)},${i % 7},${'xy'[i % 2]}`)].join('\n'));
    await page.locator('input[type=file]').setInputFiles(join(folder, 'own.csv'));
    await page.waitForFunction(() => document.querySelector('.about')?.textContent.includes('own.csv'));
    await trained(page, 5);
    same(page.faults, [], 'what went wrong');
    page.on('dialog', (dialog) => void dialog.accept());
    await page.close({ runBeforeUnload: true });
    truth(await leaving, 'a table of the reader’s own went without a word');
  },

  async a_lesson_goes_on_from_a_link() {
    const page = await opened({ query: '?lesson=line' });
    await page.locator('.lesson').waitFor();
    await page.getByRole('button', { name: 'Skip' }).click();
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await at(page, 1);
    const { link } = await shared(page), other = await opened({ query: '?lesson=line', hash: `#${link.split('#')[1]}` });
    await other.locator('.lesson li.now', { hasText: 'two weights and a bias' }).waitFor();
    same(await moment(other), 1, 'the moment');
    await other.getByRole('button', { name: 'Leave the lesson' }).click();
    const third = await opened({ query: '?lesson=line', hash: `#${(await shared(other)).link.split('#')[1]}` });
    same([await moment(third), await third.locator('.lesson').count()], [1, 0], 'a lesson that was left');
    for (const each of [page, other, third]) same(each.faults, [], 'what went wrong');
  },

  async who_does_not_see_it_hears_it() {
    const page = await opened();
    await trained(page, 40);
    await page.locator('.bar [role=status]', { hasText: /^epoch \d+, step \d+, held-out rows, accuracy [\d.]+%$/ }).waitFor({ state: 'attached' });
    for (const name of ['Speed', 'Moment', 'Noise']) same(await page.getByRole('slider', { name, exact: true }).count(), 1, `a slider whose name is ${name}`);
    const curves = page.getByRole('slider', { name: /^Curves of the error E/ }), text = () => curves.getAttribute('aria-valuetext');
    const last = await text();
    await curves.focus();
    await page.keyboard.press('Home');
    truth(/^epoch 0, training rows: [\d.]+, held-out rows: [\d.]+$/.test(await text()) && (await text()) !== last, `the curves say ${await text()}`);
    const field = page.locator('#set-batch_size');
    await field.fill('0');
    await field.press('Enter');
    await page.locator('.toast', { hasText: 'from 1 to 4096' }).waitFor();
    await page.emulateMedia({ forcedColors: 'active' });
    same(await page.locator('.set[aria-pressed=true]').evaluate((each) => getComputedStyle(each).outlineStyle), 'solid', 'what is chosen, in forced colours');
    same(page.faults, [], 'what went wrong');
  },

  async it_fits_on_a_projector_and_enlarged() {
    const page = await opened({ viewport: { width: 1280, height: 720 } });
    await trained(page, 20);
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await page.locator('.network').nth(1).waitFor();
    same(await page.locator('.drawing').evaluateAll((all) => all.filter((each) => each.querySelector('.network') && each.scrollWidth > each.clientWidth).length), 0, 'networks of which a part is out of sight');
    truth((await page.locator('.curves').boundingBox()).y < 300, 'the curves of two runs are out of sight');
    await page.locator('#tab-unit').click();
    await page.locator('.unit-tab math').first().waitFor();
    await page.setViewportSize({ width: 320, height: 640 });
    same(await page.evaluate(() => document.documentElement.scrollWidth), 320, 'the width at 400 %');
    await page.setViewportSize({ width: 640, height: 360 });
    truth((await page.locator('.bar').last().boundingBox()).height < 90, 'the bar of buttons takes too much of a low screen');
    same(page.faults, [], 'what went wrong');
  },

  async nobody_is_kept_out_of_the_rest() {
    const clean = async (page, where) => same(await axe(page), [], `axe, ${where}`);
    for (const options of [{}, { colorScheme: 'dark', locale: 'zh-CN' }, { viewport: { width: 400, height: 850 }, locale: 'zh-CN' }]) {
      const where = JSON.stringify(options);
      const lesson = await opened({ query: '?lesson=split', ...options });
      await lesson.locator('#lesson-title').waitFor();
      await clean(lesson, `a lesson, ${where}`);
      await lesson.close();
      const page = await opened(options);
      await page.getByRole('button', { name: /^(Fork|分叉)$/ }).click();
      await page.locator('.network').nth(1).waitFor();
      await page.waitForTimeout(80);
      await clean(page, `a fork, ${where}`);
      await page.locator('.set').last().click();
      await page.locator('.pad canvas').waitFor();
      await page.locator('#tab-draw').click();
      await page.waitForTimeout(150);
      await clean(page, `pictures, ${where}`);
      await page.close();
    }
  },
};

browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
for (const [check, body] of Object.entries(CHECKS)) {
  if (wanted.length && !wanted.includes(check)) continue;
  const begin = performance.now();
  let why = '';
  try {
    await body();
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  for (const context of browser.contexts()) await context.close();
  console.log(JSON.stringify({ check, ok: !why, seconds: Number(((performance.now() - begin) / 1000).toFixed(1)), why }));
}
await browser.close();
