// How much of a long work is done.

export type Tell = (share: number) => void; // 0 … 1
export const quiet: Tell = () => {};
/** What a part of the work says is said of the whole. */
export const part = (tell: Tell, from: number, to: number): Tell => (share) => tell(from + (to - from) * share);
