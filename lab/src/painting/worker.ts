// The painter's thread. In: {id, canvas}, {id, ways}, {id, look}, {id, gone}; out: {id} when a look has been drawn.
import { Links } from './links.ts';

const pictures = new Map<number, Links>();
const scope = self as unknown as { postMessage(message: unknown): void; onmessage: (event: MessageEvent) => void };

scope.onmessage = ({ data: { id, canvas, ways, look, gone } }) => {
  if (canvas) pictures.set(id, new Links(canvas));
  if (ways) pictures.get(id)?.lay(ways);
  if (look) {
    pictures.get(id)?.draw(look);
    scope.postMessage({ id });
  }
  if (gone) pictures.delete(id);
};
