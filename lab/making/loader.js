// Unpacks the page: its script here, the core and the table that it came with beside that, by a worker each.

/** Two signs for 13 or 14 bits: what making/letters.py has written. */
function bytes(text) {
  const out = new Uint8Array(text.length), place = (i) => (text[i] < ' ' ? text.charCodeAt(i) + 85 : text.charCodeAt(i) - 32 - (text[i] > '<'));
  let end = 0;
  for (let i = 0, bits = 0, held = 0; i < text.length; i += 2) {
    const pair = place(i) + 96 * place(i + 1);
    bits |= pair << held;
    held += (pair & 8191) < 1024 ? 14 : 13;
    for (; held > 7; held -= 8, bits >>>= 8) out[end++] = bits;
  }
  return out.subarray(0, end);
}

function base64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const signs = atob(text), found = new Uint8Array(signs.length);
  for (let i = 0; i < signs.length; i++) found[i] = signs.charCodeAt(i);
  return found;
}

async function inflated(source) {
  return new Response(new Blob([source]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

/** LZMA, the format "alone" of Igor Pavlov's specification: half the room of the gzip that browsers know. */
function unpacked(source) {
  const lc = source[0] % 9, lp = Math.floor(source[0] / 9) % 5, pb = Math.floor(source[0] / 45);
  const size = new DataView(source.buffer).getUint32(5, true);
  const out = new Uint8Array(size);
  const MATCH = 0, REP = 192, G0 = 204, G1 = 216, G2 = 228, LONG = 240, SLOT = 432, SPECIAL = 688, ALIGN = 816, LENGTH = 832, REPEAT = 1346, LITERAL = 1860;
  const chance = new Uint16Array(LITERAL + (0x300 << (lc + lp))).fill(1024);
  // Range and code in an array: variables of closures would be boxed with each bit.
  const now = new Uint32Array([0xffffffff, new DataView(source.buffer).getUint32(14)]);
  let at = 18;

  const refill = () => {
    if (now[0] < 0x1000000) {
      now[0] <<= 8;
      now[1] = (now[1] << 8) | source[at++];
    }
  };
  const bit = (i) => {
    const bound = (now[0] >>> 11) * chance[i];
    const found = now[1] < bound ? 0 : 1;
    if (found) {
      now[0] -= bound;
      now[1] -= bound;
      chance[i] -= chance[i] >> 5;
    } else {
      now[0] = bound;
      chance[i] += (2048 - chance[i]) >> 5;
    }
    refill();
    return found;
  };
  const direct = (n) => {
    let found = 0;
    for (; n > 0; n--) {
      now[0] >>>= 1;
      const one = now[1] >= now[0] ? 1 : 0;
      if (one) now[1] -= now[0];
      refill();
      found = found * 2 + one;
    }
    return found;
  };
  const tree = (base, bits) => {
    let m = 1;
    for (let i = 0; i < bits; i++) m = (m << 1) | bit(base + m);
    return m - (1 << bits);
  };
  const reverse = (base, bits) => {
    let m = 1, found = 0;
    for (let i = 0; i < bits; i++) {
      const one = bit(base + m);
      m = (m << 1) | one;
      found |= one << i;
    }
    return found;
  };
  const length = (base, place) => {
    if (!bit(base)) return tree(base + 2 + (place << 3), 3);
    if (!bit(base + 1)) return 8 + tree(base + 130 + (place << 3), 3);
    return 16 + tree(base + 258, 8);
  };

  let state = 0, here = 0, back = [0, 0, 0, 0];
  while (here < size) {
    const place = here & ((1 << pb) - 1);
    if (!bit(MATCH + (state << 4) + place)) {
      const base = LITERAL + 0x300 * (((here & ((1 << lp) - 1)) << lc) + ((here ? out[here - 1] : 0) >> (8 - lc)));
      let sign = 1;
      if (state >= 7) {
        let like = out[here - back[0] - 1];
        while (sign < 0x100) {
          const wanted = (like >> 7) & 1;
          like <<= 1;
          const one = bit(base + ((1 + wanted) << 8) + sign);
          sign = (sign << 1) | one;
          if (one !== wanted) break;
        }
      }
      while (sign < 0x100) sign = (sign << 1) | bit(base + sign);
      out[here++] = sign;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let n;
    if (bit(REP + state)) {
      if (!bit(G0 + state)) {
        if (!bit(LONG + (state << 4) + place)) {
          state = state < 7 ? 9 : 11;
          out[here] = out[here - back[0] - 1];
          here++;
          continue;
        }
      } else {
        const which = !bit(G1 + state) ? 1 : !bit(G2 + state) ? 2 : 3;
        back.unshift(...back.splice(which, 1));
      }
      n = length(REPEAT, place);
      state = state < 7 ? 8 : 11;
    } else {
      n = length(LENGTH, place);
      state = state < 7 ? 7 : 10;
      const slot = tree(SLOT + (Math.min(n, 3) << 6), 6);
      let far = slot;
      if (slot >= 4) {
        const bits = (slot >> 1) - 1;
        far = ((2 | (slot & 1)) << bits) >>> 0;
        far += slot < 14 ? reverse(SPECIAL + far - slot, bits) : direct(bits - 4) * 16 + reverse(ALIGN, 4);
      }
      back = [far, back[0], back[1], back[2]];
    }
    for (n += 2; n > 0 && here < size; n--, here++) out[here] = out[here - back[0] - 1];
  }
  return out;
}

const core = async (text) => unpacked(bytes(text)).buffer;
const table = (text) => inflated(base64(text));

/** What a job makes of a text, in a worker; null where there are no workers, or it cannot. The text stands in the worker's
 * script: a message would wait for this thread, which has other things to do. */
function beside(job, text) {
  return new Promise((done) => {
    const own = [`postMessage('here'); (${job})(${JSON.stringify(text)}).then((found) => postMessage(found, [found]), () => postMessage(null))`];
    const worker = new Worker(URL.createObjectURL(new Blob([bytes, base64, inflated, unpacked, ...own], { type: 'text/javascript' })));
    const silent = setTimeout(() => done(null), 3000); // some browsers make one and then load nothing into it
    worker.onmessage = ({ data }) => {
      clearTimeout(silent);
      if (data === 'here') return;
      done(data);
      worker.terminate();
    };
    worker.onerror = () => done(null);
  }).catch(() => null);
}

const textOf = (id) => document.getElementById(id)?.textContent;
globalThis.deltawCore = beside(core, textOf('core-packed')).then((found) => found ?? core(textOf('core-packed')));
const code = unpacked(bytes(textOf('app-packed')));
if (document.readyState === 'loading') await new Promise((done) => addEventListener('DOMContentLoaded', done));
globalThis.deltawTable = textOf('table') ? beside(table, textOf('table')) : null;
globalThis.deltawScript = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })); // threads run it, too
await import(globalThis.deltawScript);
