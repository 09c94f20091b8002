// One small file at last: the script and the styles are packed (gzip, base64), and a loader of a few lines unpacks them.
// The policy says what the page may do: run that loader, known by its hash, and the scripts, workers and pictures that
// it makes itself. Nothing is asked of any other place.

import { createHash } from 'node:crypto';
import { constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const SCRIPT = /<script type="module"[^>]*>([\s\S]*?)<\/script>/;
const STYLE = /<style[^>]*>([\s\S]*?)<\/style>/;

const LOADER = `
const packed = atob(document.getElementById('app-packed').textContent);
const bytes = Uint8Array.from(packed, (sign) => sign.charCodeAt(0));
const script = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
await import(url);
URL.revokeObjectURL(url);
`;

const POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${createHash('sha256').update(LOADER).digest('base64')}' blob: 'wasm-unsafe-eval'`,
  "style-src 'unsafe-inline'",
  'img-src data: blob:',
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function pack(): Plugin {
  return {
    name: 'deltaw-pack',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type === 'asset' && file.fileName.endsWith('.html')) file.source = packed(String(file.source));
        }
      },
    },
  };
}

function packed(page: string): string {
  const [, script] = SCRIPT.exec(page)!;
  const [, style] = STYLE.exec(page)!;
  const all = `const style = document.createElement('style'); style.textContent = ${JSON.stringify(style.trim())}; document.head.append(style);\n${script}`;
  const bytes = gzipSync(all, { level: constants.Z_BEST_COMPRESSION }).toString('base64');
  return page
    .replace(STYLE, '')
    .replace(SCRIPT, '')
    .replace('<meta name="policy">', `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`)
    .replace('</body>', () => `<script type="text/plain" id="app-packed">${bytes}</script>\n    <script type="module">${LOADER}</script>\n  </body>`);
}
