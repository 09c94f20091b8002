// Bytes as letters, and back: quickly, for a page may hold megabytes.

interface Newer { fromBase64?(text: string): Uint8Array }

export function bytes(text: string): Uint8Array {
  const newer = (Uint8Array as Newer).fromBase64;
  if (newer) return newer.call(Uint8Array, text);
  const signs = atob(text), found = new Uint8Array(signs.length);
  for (let i = 0; i < signs.length; ++i) found[i] = signs.charCodeAt(i);
  return found;
}

export function base64(of: Uint8Array): string {
  let text = '';
  for (let i = 0; i < of.length; i += 0x8000) text += String.fromCharCode(...of.subarray(i, i + 0x8000));
  return btoa(text);
}
