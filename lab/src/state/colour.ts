// One scale of colours for data, weights and outputs: blue below zero, orange above, paper at zero. People with any kind
// of colour vision can tell its ends apart; classes have Okabe and Ito's colours and a shape each.

export type Theme = 'light' | 'dark';
type Triple = [number, number, number];

const ENDS: Record<Theme, Triple[]> = {
  light: [[4, 74, 130], [62, 141, 200], [246, 247, 248], [233, 140, 58], [168, 68, 0]],
  dark: [[120, 196, 255], [50, 128, 192], [27, 31, 36], [200, 108, 24], [255, 170, 84]],
};
export const STEPS = 256;

const scales: Record<Theme, Uint8ClampedArray> = { light: scale(ENDS.light), dark: scale(ENDS.dark) };

function scale(stops: Triple[]): Uint8ClampedArray {
  const table = new Uint8ClampedArray(4 * STEPS);
  for (let k = 0; k < STEPS; k++) {
    const at = (k / (STEPS - 1)) * (stops.length - 1);
    const i = Math.min(stops.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++) table[4 * k + c] = stops[i][c] + (at - i) * (stops[i + 1][c] - stops[i][c]);
    table[4 * k + 3] = 255;
  }
  return table;
}

/** Of −1 … 1, as "rgb(…)". */
export function colour(value: number, theme: Theme): string {
  const k = 4 * place(value);
  const table = scales[theme];
  return `rgb(${table[k]} ${table[k + 1]} ${table[k + 2]})`;
}

const place = (value: number): number => Math.max(0, Math.min(STEPS - 1, Math.round((0.5 + 0.5 * value) * (STEPS - 1))));

/** Paint n values, `middle` as paper and `middle ± half` as the ends, into an image of four bytes a pixel. NaN is grey. */
export function paint(image: Uint8ClampedArray, n: number, value: (i: number) => number, middle: number, half: number, theme: Theme): void {
  const table = scales[theme];
  for (let i = 0; i < n; i++) {
    const v = value(i);
    const k = 4 * place((v - middle) / (half || 1));
    if (Number.isNaN(v)) image.set([128, 128, 128, 255], 4 * i);
    else for (let c = 0; c < 4; c++) image[4 * i + c] = table[k + c];
  }
}

const CLASSES: Record<Theme, string[]> = {
  light: ['#0072b2', '#c75400', '#008a63', '#b0508a', '#8a6d00', '#2b93c9', '#7a3fb0', '#5b5f66', '#a01c30', '#3f7d20'],
  dark: ['#4aa8ee', '#ff9a3d', '#35c79b', '#e39ac6', '#e0c33a', '#8ad0f5', '#b991ea', '#b4bac3', '#f07f8c', '#9bd06c'],
};

/** Of class k; the first two are the ends of the scale. */
export const classColour = (k: number, theme: Theme): string => CLASSES[theme][k % CLASSES[theme].length];

export function triple(hex: string): Triple {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as Triple;
}

export const paper = (theme: Theme): Triple => ENDS[theme][2];
export const ink = (theme: Theme): string => (theme === 'light' ? '#22262b' : '#e8eaed');
