// The thread of a session, and of what is read for one. In: {hello}, {wasm}, {id, name, given}, {seen}; out: {id, answer | error, settings},
// {state, settings}, {share}.
import { reason } from '../said.ts';
import { memoryIn, read, type Request, type Unanswered } from '../state/reading.ts';
import { Session, type Asked } from './session.ts';

/** A thread's side of what is said between it and the page. */
export interface Scope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

export function work(scope: Scope): void {
  let session: Session;
  scope.onmessage = async ({ data: message }) => {
    if (message.hello) scope.postMessage({ hello: true });
    else if (message.wasm) session = new Session(message.wasm, (state, settings) => scope.postMessage({ state, settings }, memoryOf(state)));
    else if (message.seen) session.seen();
    else {
      const answer = await answered(message.id, message.name, message.given);
      scope.postMessage(answer, message.name === 'units' || message.name === 'read' ? memoryIn(answer) : []);
    }
  };

  async function answered(id: number, name: Asked | 'read', given: unknown[]): Promise<object> {
    try {
      if (name === 'read') return { id, answer: await read(await session.core, given[0] as Request | Unanswered, (share) => scope.postMessage({ share })) };
      const answer = await (session[name] as (...given: unknown[]) => unknown).apply(session, given);
      return { id, answer, settings: name === 'speed' ? undefined : session.settings() };
    } catch (error) {
      return { id, error: reason(error) };
    }
  }
}

const memoryOf = ({ weights, biases }: { weights: Float32Array[]; biases: Float32Array[] }): Transferable[] =>
  [...weights, ...biases].map((each) => each.buffer as ArrayBuffer);
