// The page's side of a training: a worker where one can be had, else the same session in slices on this thread.
import { Refusal, said } from '../said.ts';
import { arrays, copied } from './inputs.ts';
import type { Asked } from './session.ts';
import type { Origin } from './training.ts';
import type { Data, Lab, Settings, State, Weights } from './types.ts';
import { threadFor } from '../thread.ts';
import { work, type Scope } from './worker.ts';

/** A session, and how it is asked. */
interface Line {
  ask(name: Asked | 'read', given: unknown[], memory?: Transferable[]): Promise<unknown>;
  seen(): void;
  settings(): Settings;
  close(): void;
}
type Tell = (state: State) => void;
type Thread = Scope & Pick<Worker, 'terminate' | 'onerror'>;

const LISTEN = 10_000, PATIENCE = 6; // milliseconds between two calls to a thread that is asked something; how many may stay unanswered
/** A line to a thread. It may end for want of memory, which nobody tells: then all that it is asked fails, and `ended` is called. */
function lineBy(worker: Thread, wasm: WebAssembly.Module, tell: Tell, done: (share: number) => void, ended: () => void): Line {
  const asked = new Map<number, { done(answer: unknown): void; failed(error: Error): void }>();
  let count = 0, calls = 0, settings: Settings;
  const listening = setInterval(() => {
    if (calls === PATIENCE) end();
    else if (asked.size) calls++, worker.postMessage({ hello: true });
  }, LISTEN);
  const close = (): void => {
    clearInterval(listening);
    worker.terminate();
  };
  const end = (worker.onerror = (): void => {
    close();
    ended();
    asked.forEach(({ failed }) => failed(new Refusal(said('the browser ended its thread, perhaps for want of memory; try again, or take fewer rows or units'))));
  });
  worker.onmessage = ({ data: message }) => {
    calls = 0;
    if (message.hello) return;
    settings = message.settings ?? settings;
    if (message.state) return tell(message.state);
    if (message.share !== undefined) return done(message.share);
    const one = asked.get(message.id)!;
    asked.delete(message.id);
    if (message.error === undefined) one.done(message.answer);
    else one.failed(typeof message.error === 'object' ? new Refusal(message.error) : new Error(message.error));
  };
  worker.postMessage({ wasm });
  return {
    ask: (name, given, memory = []) =>
      new Promise((done, failed) => {
        asked.set(++count, { done, failed });
        worker.postMessage({ id: count, name, given }, memory);
      }),
    seen: () => worker.postMessage({ seen: true }),
    settings: () => settings,
    close,
  };
}

/** The same work on this thread, where no other can be had: in slices. */
function here(): Thread {
  const soon = (to: Scope, data: unknown) => void Promise.resolve().then(() => to.onmessage?.({ data } as MessageEvent));
  const scope: Scope = { onmessage: null, postMessage: (data: unknown) => soon(thread, data) };
  const thread: Thread = {
    onmessage: null, onerror: null,
    postMessage: (data: unknown) => soon(scope, data),
    terminate: () => {
      thread.onmessage = null;
      soon(scope, { id: 0, name: 'pause', given: [] });
    },
  };
  work(scope);
  return thread;
}

/** Whether a worker answers at all: some browsers make one and then load nothing into it. */
function answers(worker: Worker): Promise<boolean> {
  return new Promise((done) => {
    worker.onmessage = () => done(true);
    worker.onerror = () => done(false);
    worker.postMessage({ hello: true });
    setTimeout(() => done(false), 3000);
  });
}

async function newThread(): Promise<Thread> {
  try {
    const worker = threadFor('engine');
    if (await answers(worker)) return worker;
    worker.terminate();
  } catch {
    // no workers here
  }
  return here();
}

// What a session is asked by the same name: to go elsewhere, which it answers by a state; or else.
const MOVED = ['pause', 'step', 'epoch', 'rewind', 'setWeight'] as const;
const ANSWERED = ['change', 'row', 'link', 'predict', 'units', 'weightHistory', 'history', 'calibrate', 'importance', 'losses', 'origin', 'parts'] as const;
const asked = <N extends keyof Lab>(names: readonly (N & Asked)[], how: (name: Asked, ...given: unknown[]) => Promise<unknown>): Pick<Lab, N> =>
  Object.fromEntries(names.map((name) => [name, (...given: unknown[]) => how(name, ...given)])) as Pick<Lab, N>;

const frame = (then: () => void): void => void (typeof requestAnimationFrame === 'function' ? requestAnimationFrame(then) : setTimeout(then, 16));

/** What an engine needs of data; the rest, such as what means were learnt, stays with the page. */
const needed = (data: Data): Data => ({
  ...data, columns: [],
  preparation: { ...data.preparation, steps: data.preparation.steps.map(({ kind, column, features, edges }) => ({ kind, column, features, edges })) },
});
/** The same in memory of its own, that can be handed over: a message would copy it twice, and all of a file around it. */
const apart = async (data: Data): Promise<Data> => ({
  ...data, inputs: await copied(data.inputs), targets: (await copied(data.targets)) as Float32Array, labels: data.labels && data.labels.slice(), weight: data.weight && data.weight.slice(), heldOut: data.heldOut && data.heldOut.slice(),
});
const memoryOf = ({ inputs, targets, labels, weight, heldOut }: Data): Transferable[] =>
  [...arrays(inputs), targets, labels, weight, heldOut].filter((each) => each !== null).map(({ buffer }) => buffer as ArrayBuffer);

/**
 * A lab without data yet.
 *
 * @param compiled the core; the thread starts beside that.
 */
export async function makeLab(compiled: Promise<WebAssembly.Module>): Promise<Lab> {
  const listeners = new Set<Tell>();
  let latest: State | null = null, last: State | null = null, planned = false, data: Data | undefined, pace: number | 'full' = 'full', told = (_: number): void => {};
  const tell = (state: State): void => listeners.forEach((each) => each(state));
  const connected = async (): Promise<Line> => {
    const [thread, wasm] = await Promise.all([newThread(), compiled]);
    const line = lineBy(thread, wasm, (state) => {
      latest = last = state;
      if (planned) return;
      planned = true;
      frame(() => {
        planned = false;
        if (latest) tell(latest);
        line.seen();
      });
    }, (share) => told(share), () => (current = revived(line.settings())));
    return line;
  };
  let line = await connected(), current = Promise.resolve(line);
  const ask = async <R>(name: Asked, ...given: unknown[]): Promise<R> => (await current).ask(name, given) as Promise<R>;
  /** What is answered is newer than what was told before and waits for its frame. */
  const after = async (asked: Promise<unknown>): Promise<State> => {
    last = (await asked) as State;
    latest = null;
    return last;
  };
  const now = (name: Asked, ...given: unknown[]): Promise<State> => after(ask(name, ...given));
  /** The same data again are there already. */
  const begin = async (to: Line, given: Data, ...rest: [Settings, Weights?, Origin?]): Promise<State> => {
    const own = given === data ? null : await apart(needed(given));
    const state = await after(to.ask('configure', [own, ...rest], own ? memoryOf(own) : []));
    data = given;
    return state;
  };
  /** Another thread in the place of one that has ended, with the weights that were known last. */
  const revived = async (settings: Settings): Promise<Line> => {
    const whole = data;
    data = undefined;
    line = await connected();
    void line.ask('speed', [pace]);
    if (whole && last) tell(await begin(line, whole, settings, last));
    return line;
  };
  return {
    ...asked(MOVED, now), ...asked(ANSWERED, ask),
    read: <R>(request: object, tell: (share: number) => void) => {
      told = tell;
      return line.ask('read', [request]) as Promise<R>;
    },
    configure: async (...given) => begin(await current, ...given),
    settings: () => line.settings(),
    run: () => ask('run'),
    speed: (wanted) => void ask('speed', (pace = wanted)),
    fork: async (settings = {}) => {
      const origin = await ask<Origin>('origin'), own = { ...line.settings(), ...settings }; // of the same moment: what is asked meanwhile may change them
      const twin = await makeLab(compiled);
      await twin.configure(data!, own, undefined, origin);
      return twin;
    },
    onState: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => line.close(),
  };
}
