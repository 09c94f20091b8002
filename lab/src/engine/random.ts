// NumPy's random numbers, `numpy.random.default_rng(seed)`, or of several seeds: the same seed gives the same weights, divisions and orders as in Python.
import { Core, type Address } from './core.ts';
import { ziggurat } from './ziggurat.ts';

// O'Neill's seed_seq as NumPy's SeedSequence has it.
const POOL = 4;
const INIT_A = 0x43b0d7e5, MULT_A = 0x931e8875;
const INIT_B = 0x8b51f9dd, MULT_B = 0x58f38ded;
const MIX_L = 0xca01f9dd, MIX_R = 0x4973f715;

/** Whole numbers from 0 to 2⁵³, at most four words of 32 bits in all. */
export type Seed = number | number[];

/** The four words of 64 bits that PCG64 starts from. */
function seedWords(seed: Seed): BigUint64Array {
  const entropy = [seed].flat().flatMap((each) => [each >>> 0, ...(each >= 2 ** 32 ? [Math.floor(each / 2 ** 32)] : [])]);
  let constant = INIT_A;
  const hashed = (value: number): number => {
    value ^= constant;
    constant = Math.imul(constant, MULT_A);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const mixed = (x: number, y: number): number => {
    const found = Math.imul(MIX_L, x) - Math.imul(MIX_R, y);
    return found ^ (found >>> 16);
  };
  const pool = Array.from({ length: POOL }, (_, i) => hashed(entropy[i] ?? 0));
  for (let from = 0; from < POOL; ++from)
    for (let to = 0; to < POOL; ++to) if (from !== to) pool[to] = mixed(pool[to]!, hashed(pool[from]!));

  constant = INIT_B;
  const words = Uint32Array.from({ length: 2 * POOL }, (_, i) => {
    let value = pool[i % POOL]! ^ constant;
    constant = Math.imul(constant, MULT_B);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  });
  return BigUint64Array.from({ length: POOL }, (_, i) => BigInt(words[2 * i]!) | (BigInt(words[2 * i + 1]!) << 32n));
}

/** A stream of random numbers; `close` gives its memory back. */
export class Generator {
  readonly at: Address;
  private core: Core;
  constructor(core: Core, seed: Seed) {
    this.core = core;
    this.at = core.lend([seedWords(seed)], (words) => core.call.generator_new(words));
  }
  close(): void {
    this.core.call.generator_free(this.at);
  }
  /** `integers(2⁶³)`, as its upper and lower 32 bits. */
  key(): [number, number] {
    const bits = BigInt.asUintN(64, this.core.call.key(this.at));
    return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
  }
  permutation(n: number): Int32Array {
    const places = this.core.filled(BigInt64Array, n, (to) => this.core.call.permutation(this.at, n, to));
    return new Int32Array(new Int32Array(places.buffer).filter((_, i) => i % 2 === 0)); // the lower halves
  }
  /** [low, high) */
  uniform(n: number, low = 0, high = 1): Float64Array {
    const drawn = this.core.filled(Float64Array, n, (to) => this.core.call.uniforms(this.at, n, to));
    return drawn.map((u) => low + (high - low) * u);
  }
  normal(n: number, mean = 0, deviation = 1): Float64Array {
    const drawn = this.core.filled(Float64Array, n, (to) =>
      this.core.lend([ziggurat()], (edges) => this.core.call.normals(this.at, n, edges, to)),
    );
    return drawn.map((z) => mean + deviation * z);
  }
}

/** What `use` makes of a fresh stream. */
export function drawn<R>(core: Core, seed: Seed, use: (random: Generator) => R): R {
  const random = new Generator(core, seed);
  try {
    return use(random);
  } finally {
    random.close();
  }
}
