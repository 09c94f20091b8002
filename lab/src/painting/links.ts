// A network's links on a canvas: as wide as |w|, in the colour of their sign. The same code in a worker and on the page's thread.

/** Where links run; sent when that changes. */
export interface Ways {
  width: number; // of the picture, in the page's pixels
  height: number;
  ratio: number; // of the canvas's pixels to the page's
  ends: Float32Array; // x1, y1, x2, y2 of each link
  layers: Uint8Array; // of each link
  widest: number;
}

/** How they look; sent with every state. */
export interface Look {
  values: Float32Array; // of each link
  near: Uint8Array | null; // 1: it touches what is pointed at; null: nothing is
  dashed: number[]; // links that are marked
  colours: { above: string; below: string; unsigned: string; mark: string };
  unsigned: boolean; // whether those of layer 0 have no sign: each stands for many pixels
}

const FAINTEST = 0.02; // of a layer's widest, below which a link is not seen
export const BEND = 0.45; // of a link's width: it leaves and arrives level

export class Links {
  private canvas: HTMLCanvasElement | OffscreenCanvas;
  private ways: Ways | null = null;
  private paths: Path2D[] = [];

  constructor(canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.canvas = canvas;
  }

  lay(ways: Ways): void {
    this.ways = ways;
    const { ends } = ways;
    this.paths = Array.from({ length: ends.length / 4 }, (_, i) => {
      const [x1, y1, x2, y2] = ends.subarray(4 * i, 4 * i + 4), bend = BEND * (x2 - x1), path = new Path2D();
      path.moveTo(x1, y1);
      path.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
      return path;
    });
  }

  draw({ values, near, dashed, colours, unsigned }: Look): void {
    const context = this.canvas.getContext('2d') as CanvasRenderingContext2D | null, { ways, paths } = this;
    if (!context || !ways || values.length !== paths.length) return;
    const { width, height, ratio, layers, widest } = ways;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) [this.canvas.width, this.canvas.height] = [w, h];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const most: number[] = [];
    values.forEach((value, i) => { most[layers[i]] = Math.max(most[layers[i]] ?? 1e-9, Math.abs(value)); });
    paths.forEach((path, i) => {
      const share = Math.abs(values[i]) / most[layers[i]];
      if (!(share >= FAINTEST)) return;
      context.globalAlpha = near ? (near[i] ? 1 : 0.15) : 0.25 + 0.65 * share;
      context.lineWidth = 0.4 + widest * share;
      context.strokeStyle = unsigned && layers[i] === 0 ? colours.unsigned : values[i] >= 0 ? colours.above : colours.below;
      context.stroke(path);
    });
    context.globalAlpha = 1;
    context.lineWidth = 2.5;
    context.strokeStyle = colours.mark;
    context.setLineDash([5, 4]);
    for (const i of dashed) if (paths[i]) context.stroke(paths[i]);
    context.setLineDash([]);
  }
}
