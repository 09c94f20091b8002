// Stands in for the engine until the real one is here: plain SGD in loops, the contract's shape. To be deleted.

import { ACTIVATIONS, activate } from '../state/activations';
import type { Data, History, Lab, RowNumbers, Settings, State, Weights } from './types';

export function fakeLab(): Lab {
  let data!: Data, settings!: Settings, w!: Weights, moment = 0, running = false, timer = 0, pace: number | 'full' = 'full';
  let order: Int32Array, held: Int32Array, snaps = new Map<number, Weights>();
  let listeners: ((s: State) => void)[] = [];
  const hist: number[][] = [];
  let step0 = 0;
  const rand = (seed: number) => () => ((seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32);
  const copy = (): Weights => ({ weights: w.weights.map((x) => x.slice()), biases: w.biases.map((x) => x.slice()) });
  const stepsPer = () => Math.max(1, Math.ceil(order.length / settings.batch));
  function fwd(x: ArrayLike<number>) {
    const z: Float64Array[] = [], o: Float64Array[] = [];
    let a = x;
    w.weights.forEach((W, l) => {
      const s = Float64Array.from(w.biases[l]);
      for (let j = 0, p = 0; j < s.length; j++) for (let k = 0; k < a.length; k++, p++) s[j] += W[p] * a[k];
      z.push(s); o.push(activate(settings.layers[l].activation, s)); a = o[l];
    });
    return { z, o };
  }
  const X = (i: number) => data.inputs.subarray(i * data.nIn, (i + 1) * data.nIn);
  const T = (i: number) => data.targets.subarray(i * data.nOut, (i + 1) * data.nOut);
  function numbers(x: ArrayLike<number>, t: ArrayLike<number> | null): RowNumbers {
    const { z, o } = fwd(x), L = z.length;
    const out = o[L - 1];
    const e = out.map((v, k) => (t ? t[k] - v : 0));
    const delta: Float64Array[] = [], split: Float64Array[] = [], grad: Float64Array[] = [], dEdW: Float64Array[] = [], slope = z.map((s, l) => s.map((v, k) => ACTIVATIONS[settings.layers[l].activation].df(v, o[l][k])));
    const ce = settings.loss.includes('entropy');
    for (let l = L - 1; l >= 0; l--) {
      if (l === L - 1) { split[l] = e; grad[l] = e.map((v) => -v); delta[l] = ce ? e.map((v) => -v) : e.map((v, k) => -v * slope[l][k]); }
      else {
        const W = w.weights[l + 1], n = o[l].length;
        split[l] = new Float64Array(n); grad[l] = new Float64Array(n);
        for (let j = 0, p = 0; j < delta[l + 1].length; j++) for (let k = 0; k < n; k++, p++) { split[l][k] += W[p] * split[l + 1][j]; grad[l][k] += W[p] * delta[l + 1][j]; }
        delta[l] = grad[l].map((g, k) => g * slope[l][k]);
      }
      const a = l ? o[l - 1] : x;
      dEdW[l] = new Float64Array(w.weights[l].length);
      for (let j = 0, p = 0; j < delta[l].length; j++) for (let k = 0; k < a.length; k++, p++) dEdW[l][p] = delta[l][j] * a[k];
    }
    return { x: Float64Array.from(x), t: t ? Float64Array.from(t) : null, E: e.reduce((s, v) => s + v * v / 2, 0), z, o, slope, e, splitBack: split, gradientBack: grad, delta, dEdW, dEdb: delta, deltaW: dEdW.map((g) => g.map((v) => -settings.rate * v)), deltaB: delta.map((g) => g.map((v) => -settings.rate * v)) };
  }
  function train() {
    const g = w.weights.map((x) => new Float64Array(x.length)), gb = w.biases.map((x) => new Float64Array(x.length));
    const s = moment % stepsPer(), rows = order.subarray(s * settings.batch, (s + 1) * settings.batch);
    for (const i of rows) { const r = numbers(X(i), T(i)); g.forEach((G, l) => { for (let p = 0; p < G.length; p++) G[p] += r.dEdW[l][p]; gb[l].forEach((_, p) => (gb[l][p] += r.delta[l][p])); }); }
    const a = settings.rate * 5 / rows.length;
    g.forEach((G, l) => { G.forEach((v, p) => (w.weights[l][p] -= a * v)); gb[l].forEach((v, p) => (w.biases[l][p] -= a * v)); });
    moment++;
    if (moment % 200 === 0) snaps.set(moment, copy());
  }
  function part(rows: Int32Array) {
    let E = 0, right = 0;
    for (const i of rows) { const { o } = fwd(X(i)), out = o.at(-1)!, t = T(i); out.forEach((v, k) => (E += (t[k] - v) ** 2 / 2)); right += data.nOut === 1 ? +((out[0] > 0.5) === (t[0] > 0.5)) : +(out.indexOf(Math.max(...out)) === t.indexOf(Math.max(...t))); }
    return rows.length ? [E / rows.length, right / rows.length] : [NaN, NaN];
  }
  function now(): State {
    const [E, s] = part(order.subarray(0, 200)), [HE, hs] = part(held.subarray(0, 200)), c = copy();
    if (!hist.length || hist.at(-1)![0] < moment) hist.push([moment, moment / stepsPer(), E, HE, s, hs]);
    return { ...c, moment, epoch: Math.floor(moment / stepsPer()), step: moment % stepsPer(), stepsPerEpoch: stepsPer(), running, ended: null, trainError: E, heldError: HE, trainScore: s, heldScore: hs, alpha: settings.rate, samplesPerSecond: 1000, broken: null,
      health: w.weights.map((W) => ({ saturated: 0.1, dead: 0, gradient: 0.1, update: 0.001, weight: Math.sqrt(W.reduce((q, v) => q + v * v, 0)) })) };
  }
  const tell = () => { const s = now(); listeners.forEach((f) => f(s)); return s; };
  function loop() {
    if (!running) return;
    const t0 = performance.now(), n = pace === 'full' ? 1e9 : Math.max(1, Math.round(pace / 60));
    for (let i = 0; i < n && performance.now() - t0 < 8; i++) train();
    tell(); timer = requestAnimationFrame(loop);
  }
  const lab: Lab = {
    threaded: false, settings: () => settings,
    async configure(d, s, given) {
      data = d; settings = s; moment = 0; hist.length = 0; snaps = new Map();
      const r = rand(s.seed + 7), all = Int32Array.from({ length: d.rows }, (_, i) => i);
      for (let i = all.length - 1; i > 0; i--) { const j = Math.floor(r() * (i + 1)); [all[i], all[j]] = [all[j], all[i]]; }
      const h = Math.round(d.rows * s.heldOut); held = all.slice(0, h); order = all.slice(h);
      let n = d.nIn;
      w = given ?? { weights: s.layers.map((l) => { const W = Float32Array.from({ length: l.units * n }, () => (r() + r() + r() - 1.5) * 2 / Math.sqrt(n)); n = l.units; return W; }), biases: s.layers.map((l) => new Float32Array(l.units)) };
      snaps.set(0, copy()); return tell();
    },
    run() { running = true; loop(); }, async pause() { running = false; cancelAnimationFrame(timer); return tell(); },
    async step(n = 1) { for (let i = 0; i < n; i++) train(); return tell(); }, async epoch() { do train(); while (moment % stepsPer()); return tell(); }, speed(s) { pace = s; },
    async rewind(m) { const from = Math.max(...[...snaps.keys()].filter((k) => k <= m)); const s = snaps.get(from)!; w = { weights: s.weights.map((x) => x.slice()), biases: s.biases.map((x) => x.slice()) }; moment = from; while (moment < m) train(); while (hist.length && hist.at(-1)![0] > m) hist.pop(); return tell(); },
    async fork(s) { const f = fakeLab(); await f.configure(data, { ...settings, ...s }, copy()); return f; },
    async change(c) { const start = Object.keys(c).some((k) => ['layers', 'init', 'seed', 'heldOut', 'bias'].includes(k)); if (!start) settings = { ...settings, ...c }; return start ? 'needs a new start' : 'went on'; },
    async setWeight(l, j, k, v) { if (k < 0) w.biases[l][j] = v; else w.weights[l][j * (w.weights[l].length / w.biases[l].length) + k] = v; return tell(); },
    async row(r) { return typeof r === 'number' ? numbers(X(r), T(r)) : numbers(r, null); },
    async link(r, l, j, k) { const n = numbers(X(r), T(r)); const a = k < 0 ? 1 : l ? n.o[l - 1][k] : n.x[k]; return { w: 0, a, z: n.z[l][j], o: n.o[l][j], slope: n.slope[l]![j], back: n.gradientBack[l][j], delta: n.delta[l][j], dEdw: n.delta[l][j] * a, deltaW: { sgd: -settings.rate * n.delta[l][j] * a } }; },
    async predict(x, n) { const out = new Float32Array(n * data.nOut); for (let i = 0; i < n; i++) out.set(fwd(x.subarray(i * data.nIn, (i + 1) * data.nIn)).o.at(-1)!, i * data.nOut); return out; },
    async units(x, n) { const out = settings.layers.map((l) => new Float32Array(n * l.units)); for (let i = 0; i < n; i++) fwd(x.subarray(i * data.nIn, (i + 1) * data.nIn)).o.forEach((o, l) => out[l].set(o, i * o.length)); return out; },
    async weightHistory() { return { moments: new Float64Array(), values: new Float64Array() }; },
    async history() { const c = (i: number) => Float64Array.from(hist, (h) => h[i]); return { moments: c(0), epochs: c(1), trainError: c(2), heldError: c(3), trainScore: c(4), heldScore: c(5) } satisfies History; },
    async parts() { return { trained: order, heldOut: held }; },
    onState(f) { listeners.push(f); return () => { listeners = listeners.filter((g) => g !== f); }; }, close() { running = false; },
  };
  void step0;
  return lab;
}

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
