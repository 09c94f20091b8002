declare module 'virtual:lessons' {
  type Text = { en: string; zh: string };
  const lessons: Record<string, { title: Text; idea: Text }>;
  export default lessons;
}

declare module 'virtual:sentences' {
  const sentences: Record<string, string>; // English: Chinese
  export default sentences;
}

declare module '*/worker.ts?worker&inline' {
  const Made: new () => Worker;
  export default Made;
  export const source: string; // its script: lab/making/worker.ts
}

declare const __VERSION__: string; // of DeltaW
