// Who draws links: a thread of its own where canvases can be drawn from one, so that the page is never held up by it; else the page.
import { threadFor } from '../thread.ts';
import { Links, type Look, type Ways } from './links.ts';

export type { Look, Ways };

export interface Painter {
  lay(ways: Ways): void;
  /** Draw this, or the latest that was asked for while another is drawn. */
  draw(look: Look): void;
  close(): void;
}

let thread: Worker | null | undefined; // one for all canvases; null: there is none
const drawn = new Map<number, () => void>();
let count = 0;

export function painter(canvas: HTMLCanvasElement): Painter {
  const worker = workerFor(canvas);
  return worker ? aside(canvas, worker) : here(canvas);
}

function workerFor(canvas: HTMLCanvasElement): Worker | null {
  if (thread !== undefined || !('transferControlToOffscreen' in canvas)) return thread ?? null;
  try {
    thread = threadFor('painter');
    thread.onmessage = ({ data: { id } }) => drawn.get(id)?.();
  } catch {
    thread = null;
  }
  return thread;
}

function aside(canvas: HTMLCanvasElement, worker: Worker): Painter {
  const id = ++count, offscreen = canvas.transferControlToOffscreen();
  let busy = false, next: Look | null = null;
  worker.postMessage({ id, canvas: offscreen }, [offscreen]);
  const send = (look: Look): void => {
    busy = true;
    worker.postMessage({ id, look });
  };
  drawn.set(id, () => {
    busy = false;
    const look = next;
    next = null;
    if (look) send(look);
  });
  return {
    lay: (ways) => worker.postMessage({ id, ways }),
    draw: (look) => (busy ? (next = look) : send(look)),
    close: () => {
      drawn.delete(id);
      worker.postMessage({ id, gone: true });
    },
  };
}

function here(canvas: HTMLCanvasElement): Painter {
  const links = new Links(canvas);
  return { lay: (ways) => links.lay(ways), draw: (look) => links.draw(look), close: () => {} };
}
