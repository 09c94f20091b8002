// The page is mounted anew, never on what a server has written: what Svelte has for the latter goes when its flag is a constant.

import type { Plugin } from 'vite';

export const mounted = (): Plugin => ({
  name: 'deltaw-mounted',
  transform: (code, id) =>
    /svelte\/src\/internal\/client\/dom\/hydration\.js/.test(id) ? code.replace('export let hydrating', 'export const hydrating').replace('hydrating = value;', '') : undefined,
});
