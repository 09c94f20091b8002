// Plain data as JSON, with arrays of numbers as base64.

import { base64, bytes } from '../base64';

const KINDS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array } as const;
type Kind = keyof typeof KINDS;

const written = (_: string, value: unknown): unknown => {
  const kind = (Object.keys(KINDS) as Kind[]).find((each) => value instanceof KINDS[each]);
  if (!kind) return value;
  const { buffer, byteOffset, byteLength } = value as Float64Array;
  return { array: kind, base64: base64(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)) };
};
const read = (_: string, value: unknown): unknown => {
  const { array, base64: text } = (value ?? {}) as { array?: Kind; base64?: string };
  return array && text !== undefined && array in KINDS ? new KINDS[array](bytes(text).slice().buffer as ArrayBuffer) : value;
};

export const toText = (value: unknown): string => JSON.stringify(value, written);
export const fromText = (text: string): unknown => JSON.parse(text, read);
