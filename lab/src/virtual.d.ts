declare module 'virtual:lessons' {
  type Text = { en: string; zh: string };
  const lessons: Record<string, { title: Text; idea: Text }>;
  export default lessons;
}

declare module 'virtual:sentences' {
  const sentences: Record<'said' | 'kept', Record<string, string>>; // English: Chinese
  export default sentences;
}

declare const __VERSION__: string; // of DeltaW
