// The painter's thread. In: {id, canvas}, {id, ways}, {id, look}, {id, gone}; out: {id} when a look has been drawn.
import { Links } from './links.ts';

export function paint(scope: Pick<Worker, 'postMessage' | 'onmessage'>): void {
  const pictures = new Map<number, Links>();
  scope.onmessage = ({ data: { id, canvas, ways, look, gone } }) => {
    if (canvas) pictures.set(id, new Links(canvas));
    if (ways) pictures.get(id)?.lay(ways);
    if (look) {
      pictures.get(id)?.draw(look);
      scope.postMessage({ id });
    }
    if (gone) pictures.delete(id);
  };
}
