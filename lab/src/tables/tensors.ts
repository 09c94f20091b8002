// A safetensors file (8 bytes of length, a header in JSON, the numbers): what Python puts into the page, and a .deltaw file.

export type Tensor = Float32Array | Float64Array | Int32Array | Uint8Array;
export interface Tensors {
  metadata: Record<string, string>;
  tensors: Record<string, Tensor>;
}

const KINDS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array } as const;

/** Tensors by name; flat, as their shapes are known to whoever asks. Throws for bytes that are no such file. */
export function readTensors(bytes: Uint8Array): Tensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength < 8 ? NaN : Number(view.getBigUint64(0, true));
  if (!(length <= bytes.byteLength - 8)) throw new Error('expected a safetensors file');
  const header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length))) as Record<string, { dtype: keyof typeof KINDS; data_offsets: [number, number] }>;
  const { __metadata__: metadata = {}, ...entries } = header as typeof header & { __metadata__?: Record<string, string> };
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dtype, data_offsets: [from, to] }] of Object.entries(entries)) {
    const Numbers = KINDS[dtype];
    if (!Numbers || !(0 <= from && from <= to && to <= bytes.byteLength - 8 - length)) throw new Error(`expected a tensor of ${Object.keys(KINDS).join(', ')} within the file, found ${name}`);
    const at = bytes.byteOffset + 8 + length + from, size = Numbers.BYTES_PER_ELEMENT;
    // As they lie there, or as a copy where they do not lie as numbers need it.
    tensors[name] = at % size ? new Numbers(bytes.slice(8 + length + from, 8 + length + to).buffer) : new Numbers(bytes.buffer as ArrayBuffer, at, (to - from) / size);
  }
  return { metadata, tensors };
}
