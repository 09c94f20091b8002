// What leaves the page: files that the reader asks for. Nothing else does.

let page = '';

/** The page as it came, before anything was drawn into it. */
export function rememberPage(html: string): void {
  page = html;
}

export const pageAsItCame = (): string => page;

/** Hand a file to the reader. */
export function hand(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
