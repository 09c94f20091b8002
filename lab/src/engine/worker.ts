// The session's thread. In: {hello}, {wasm}, {id, name, given}, {seen}; out: {id, answer | error, settings}, {state, settings}.
import { reason } from '../said.ts';
import { Session, type Asked } from './session.ts';

let session: Session;
const scope = self as unknown as { postMessage(message: unknown, transfer?: Transferable[]): void; onmessage: (event: MessageEvent) => void };

scope.onmessage = async ({ data: message }) => {
  if (message.hello) scope.postMessage({ hello: true });
  else if (message.wasm) session = new Session(message.wasm, (state, settings) => scope.postMessage({ state, settings }, memoryOf(state)));
  else if (message.seen) session.seen();
  else {
    const answer = await answered(message.id, message.name, message.given);
    scope.postMessage(answer, message.name === 'units' ? (answer as { answer: Float32Array[] }).answer?.map((each) => each.buffer as ArrayBuffer) : []);
  }
};

async function answered(id: number, name: Asked, given: unknown[]): Promise<object> {
  try {
    const answer = await (session[name] as (...given: unknown[]) => unknown).apply(session, given);
    return { id, answer, settings: name === 'speed' ? undefined : session.settings() };
  } catch (error) {
    return { id, error: reason(error) };
  }
}

const memoryOf = ({ weights, biases }: { weights: Float32Array[]; biases: Float32Array[] }): Transferable[] =>
  [...weights, ...biases].map((each) => each.buffer as ArrayBuffer);
