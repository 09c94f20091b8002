// Canvases as sharp as the screen, whose context counts in the page's own pixels.

export const SHARPEST = 2; // pixels of a canvas for one of the page's

/** The context of a canvas that is as large as its place, empty; null while it has none. */
export function cleared(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const context = canvas?.getContext('2d');
  if (!context || !width || !height) return null;
  const ratio = Math.min(SHARPEST, devicePixelRatio);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
