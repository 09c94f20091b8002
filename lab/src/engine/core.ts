// The core, loaded: native/capi.cpp's functions, and its memory. Views of the memory end when it grows: a new one for each use.

import { bytes } from '../base64.ts';
import { Refusal, said } from '../said.ts';

export type Address = number;

/** native/capi.cpp, function by function. */
interface Functions {
  memory: WebAssembly.Memory;
  _initialize(): void;
  room(bytes: number): Address;
  release(place: Address): void;
  data_new(rows: number, nIn: number, nOut: number, X: Address, T: Address, weight: Address, smoothing: number, eachAlone: number, sparse: number, common: number): Address;
  data_free(data: Address): void;
  run_new(layers: number, names: Address, sizes: Address, numbers: Address): Address;
  run_free(run: Address): void;
  run_on(run: Address, data: Address, part: Address, count: number, shuffled: number): void;
  run_seed(run: Address, random: Address): void;
  advance(run: Address, steps: number, first: number, alpha: Address, decay: Address, dropout: Address): number;
  steps_of_epoch(run: Address): number;
  settle(run: Address): void;
  end_epoch(run: Address): void;
  epochs_ended(run: Address): number;
  epoch_errors(run: Address): Address;
  forget_epochs(run: Address): void;
  slots(run: Address): number;
  read(run: Address, l: number, slot: number, W: Address, b: Address): void;
  write(run: Address, l: number, slot: number, W: Address, b: Address): void;
  kept_bytes(run: Address): number;
  keep(run: Address, to: Address): void;
  restore(run: Address, from: Address): void;
  evaluate(run: Address, data: Address, out: Address): number;
  units(run: Address, X: Address, rows: number, out: Address): void;
  most_units_rows(): number;
  look(run: Address, data: Address, flat: Address, to: Address): void;
  generator_new(words: Address): Address;
  generator_free(random: Address): void;
  key(random: Address): bigint;
  permutation(random: Address, n: number, to: Address): void;
  uniforms(random: Address, n: number, to: Address): void;
  normals(random: Address, n: number, edges: Address, to: Address): void;
}

type Numbers = Float32Array | Float64Array | Int32Array | BigUint64Array | BigInt64Array | Uint8Array;
type Kind<T> = { new (memory: ArrayBufferLike, at: number, count: number): T; BYTES_PER_ELEMENT: number };

export class Core {
  readonly call: Functions;
  private constructor(call: Functions) {
    this.call = call;
  }

  static async start(module: WebAssembly.Module): Promise<Core> {
    let memory: WebAssembly.Memory;
    const fail = (words: Address): never => {
      const text = new Uint8Array(memory.buffer, words);
      const why = new TextDecoder().decode(text.slice(0, text.indexOf(0)));
      throw why === 'std::bad_alloc' ? new Refusal('expected a network and rows that fit into a page', said('more'), 'take fewer units, or fewer rows') : new Error(why);
    };
    const clock = (_: number, __: bigint, to: Address): number => {
      new DataView(memory.buffer).setBigUint64(to, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    };
    const nothing = (): number => 8; // WASI's "bad file": there is none to write to
    const instance = await WebAssembly.instantiate(module, {
      page: { fail },
      wasi_snapshot_preview1: { clock_time_get: clock, fd_close: nothing, fd_seek: nothing, fd_write: nothing },
    });
    const call = instance.exports as unknown as Functions;
    memory = call.memory;
    call._initialize();
    return new Core(call);
  }

  view<T>(kind: Kind<T>, at: Address, count: number): T {
    return new kind(this.call.memory.buffer, at, count);
  }
  room<T>(kind: Kind<T>, count: number): Address {
    return this.call.room(Math.max(8, count * kind.BYTES_PER_ELEMENT)) >>> 0;
  }
  /** A copy in the core's memory, which whoever asks releases. */
  put(array: Numbers): Address {
    const at = this.room(array.constructor as Kind<Numbers>, array.length);
    (this.view(array.constructor as Kind<Numbers>, at, array.length) as Float32Array).set(array as Float32Array);
    return at;
  }
  /** What `use` returns, of arrays that lie in the core's memory for as long as it runs. */
  lend<R>(arrays: Numbers[], use: (...at: Address[]) => R): R {
    const places = arrays.map((each) => this.put(each));
    try {
      return use(...places);
    } finally {
      places.forEach((each) => this.call.release(each));
    }
  }
  /** An array that `fill` writes. */
  filled<T extends Numbers>(kind: Kind<T>, count: number, fill: (at: Address) => void): T {
    const at = this.room(kind, count);
    try {
      fill(at);
      return this.view(kind, at, count).slice() as T;
    } finally {
      this.call.release(at);
    }
  }
}

/** WebAssembly as the sources hold it, gzip in base64; or as the page's loader has unpacked it already. */
export async function unpacked(core: string | Promise<ArrayBuffer>): Promise<ArrayBuffer> {
  if (typeof core !== 'string') return core;
  return new Response(new Blob([bytes(core) as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}
