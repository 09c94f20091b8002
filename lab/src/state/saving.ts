// What leaves the page: files that the reader asks for. Nothing else does.

/** The page as it came: without what was drawn into it. Taken when it is asked for: it may be of megabytes. */
export function pageAsItCame(): string {
  const root = document.documentElement.cloneNode(true) as HTMLElement;
  root.querySelector('#app')!.replaceChildren();
  root.querySelectorAll('style').forEach((style) => style.remove());
  for (const { name } of [...root.attributes]) root.removeAttribute(name);
  root.lang = 'en';
  return root.outerHTML;
}

/** Hand a file to the reader. */
export function hand(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
