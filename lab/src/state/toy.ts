import type { Data } from '../engine/types';

export function fakeToy(name: string, noise: number, seed: number): Data {
  let s = seed + 1; const r = () => ((s = (s * 1664525 + 1013904223) >>> 0) / 2 ** 32);
  const n = 300, inputs = new Float32Array(2 * n), labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let x = r() * 2 - 1, y = r() * 2 - 1;
    if (name === 'spiral') { labels[i] = i % 2; const q = (i / n) * 9 + 0.4; x = q / 9.5 * Math.cos(q + labels[i] * Math.PI); y = q / 9.5 * Math.sin(q + labels[i] * Math.PI); }
    else labels[i] = +(name === 'circle' ? x * x + y * y < 0.4 : name === 'xor' ? x * y < 0 : y > 0.5 * x);
    inputs.set([x + noise * (r() - 0.5), y + noise * (r() - 0.5)], 2 * i);
  }
  const column = (k: number) => ({ name: 'xy'[k], kind: 'number' as const, values: Float64Array.from({ length: n }, (_, i) => inputs[2 * i + k]), missing: 0, used: true, why: '' });
  return { name, rows: n, nIn: 2, nOut: 1, inputs, targets: Float32Array.from(labels), labels, weight: null, heldOut: null, inputNames: ['x', 'y'],
    target: { name: 'class', task: 'classification', reason: '', classes: ['blue', 'orange'], encoding: 'labels', low: 0, high: 1, centre: 0, width: 1, shift: 0 },
    columns: [column(0), column(1)], preparation: { scaling: 'none', steps: [] }, image: null, notes: [] };
}
