// What the reader takes away: an address, this page with everything in it, the model as Python reads it.

import { lab } from './lab.svelte';
import { path } from './path.svelte';
import { hand, pageAsItCame } from './saving';
import { MOST, packedWeights, toHash, type Shared } from './share';

/** All that is worth keeping, with weights where `all` or few enough. */
export function kept(all: boolean): Shared {
  const own = lab.source?.kind === 'csv';
  return {
    v: 1,
    source: own && !all ? null : lab.source,
    name: lab.data!.name,
    runs: lab.runs.map(({ settings, state }) => {
      const n = [...state.weights, ...state.biases].reduce((sum, each) => sum + each.length, 0);
      return { settings, weights: all || n <= MOST ? packedWeights(state) : null };
    }),
    axes: lab.axes,
    row: lab.row,
    lesson: path.name ? [path.name, path.step] : null,
  };
}

/** This page's address with the set-up in it; the address bar shows it, too, where the browser lets it. */
export async function address(): Promise<string> {
  const hash = await toHash(kept(false));
  try {
    history.replaceState(null, '', hash);
  } catch { /* a page within a page may have no address of its own */ }
  return location.href.replace(/#.*$/, '') + hash;
}

const MARK = '<!--deltaw-->';
const ELEMENT = /<script type="application\/json" id="page">[\s\S]*?<\/script>/;

/** The page as it came, with what it holds now: it opens where it was left. */
export function savePage(): void {
  const json = JSON.stringify(kept(true)).replaceAll('<', '\\u003c');
  const page = `<!doctype html>\n${pageAsItCame()}`.replace(ELEMENT, '').replace(MARK, () => `${MARK}<script type="application/json" id="page">${json}</script>`);
  hand('lab.html', page, 'text/html');
}

export function saveModel(): void {
  lab.tell('not_yet', {}, 'wrong');
}
