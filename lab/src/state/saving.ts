// Files that come and go as the reader asks. Nothing else leaves the page.

/** The page as it came: without what was drawn into it. Taken when it is asked for: it may be of megabytes. */
export function pageAsItCame(): string {
  const root = document.documentElement.cloneNode(true) as HTMLElement;
  root.querySelector('#app')!.replaceChildren();
  root.querySelectorAll('style').forEach((style) => style.remove());
  for (const { name } of [...root.attributes]) root.removeAttribute(name);
  root.lang = 'en';
  return root.outerHTML;
}

/** The files that the reader chooses. */
export function chooseFiles(accept: string, then: (files: File[]) => void): void {
  const input = document.createElement('input');
  Object.assign(input, { type: 'file', multiple: true, accept, onchange: () => { if (input.files?.length) then([...input.files]); } });
  input.click();
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
