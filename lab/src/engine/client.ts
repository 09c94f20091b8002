// The page's side of a training: a worker where one can be had, else the same session in slices on this thread.
import { Refusal } from '../said.ts';
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
type Thread = Scope & Pick<Worker, 'terminate'>;

function lineBy(worker: Thread, wasm: WebAssembly.Module, tell: Tell, done: (share: number) => void): Line {
  const asked = new Map<number, { done(answer: unknown): void; failed(error: Error): void }>();
  let count = 0, settings: Settings;
  worker.onmessage = ({ data: message }) => {
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
    close: () => worker.terminate(),
  };
}

/** The same work on this thread, where no other can be had: in slices. */
function here(): Thread {
  const soon = (to: Scope, data: unknown) => void Promise.resolve().then(() => to.onmessage?.({ data } as MessageEvent));
  const scope: Scope = { onmessage: null, postMessage: (data: unknown) => soon(thread, data) };
  const thread: Thread = {
    onmessage: null,
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
  ...data, columns: [], inputNames: [],
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
  let latest: State | null = null, planned = false, data: Data | undefined, told = (_: number): void => {};
  const [thread, wasm] = await Promise.all([newThread(), compiled]);
  const line = lineBy(thread, wasm, (state) => {
    latest = state;
    if (planned) return;
    planned = true;
    frame(() => {
      planned = false;
      if (latest) listeners.forEach((each) => each(latest!));
      line.seen();
    });
  }, (share) => told(share));
  const ask = <R>(name: Asked, ...given: unknown[]): Promise<R> => line.ask(name, given) as Promise<R>;
  /** What is answered is newer than what was told before and waits for its frame. */
  const after = async (asked: Promise<State>): Promise<State> => {
    const state = await asked;
    latest = null;
    return state;
  };
  const now = (name: Asked, ...given: unknown[]): Promise<State> => after(ask<State>(name, ...given));
  /** The same data again are there already. */
  const begin = async (given: Data, ...rest: [Settings, Weights?, Origin?]): Promise<State> => {
    const own = given === data ? null : await apart(needed(given));
    const state = await after(line.ask('configure', [own, ...rest], own ? memoryOf(own) : []) as Promise<State>);
    data = given;
    return state;
  };
  return {
    ...asked(MOVED, now), ...asked(ANSWERED, ask),
    read: <R>(request: object, tell: (share: number) => void) => {
      told = tell;
      return line.ask('read', [request]) as Promise<R>;
    },
    configure: begin,
    settings: () => line.settings(),
    run: () => void ask('run'),
    speed: (pace) => void ask('speed', pace),
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
