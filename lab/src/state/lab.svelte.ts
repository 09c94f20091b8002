// All that the page does: it opens data, trains one run or two and changes them. Views call its methods and change nothing
// themselves.

import { Overtaken, stopReading } from '../engine';
import type { Origin } from '../engine/training';
import type { Data, Settings, Weights } from '../engine/types';
import { reason, Refusal, type Text } from '../said';
import type { Key } from '../words';
import { aside, closeAll, type Aside } from './aside';
import type { Repair } from './doctor';
import { typed } from './numbers';
import { page } from './page.svelte';
import { settings as recipe, toLookAt } from './recipes';
import { Looking } from './looking.svelte';
import { axes, telling } from './plane';
import { SPEEDS, type LinkPlace, type Said } from './places';
import { Run } from './run.svelte';
import { fromHash, fromPage, unpackedWeights, type Shared, type SharedRun } from './share';
import { FIRST, fitted, fresh, impossible } from './settings';
import { asModel, cameWith, choosable, inEncoding, load, modelIn, type Chosen, type Division, type Files, type Source } from './sources';

/** Where a run begins: where another stood, with some weights, or with those of its seed. */
interface From { origin?: Origin; weights?: Weights }

const SLOW = 300; // milliseconds, after which reading is spoken of

class Lab extends Looking {
  source = $state.raw<Source | null>(null);
  playing = $state(false);
  speed = $state(8); // place in SPEEDS
  said = $state.raw<Said | null>(null);
  progress = $state.raw<{ name: string; share: number } | null>(null); // a table that is read, and how much of it is
  forkedAt = $state(0);
  edits = $state(0); // weights changed by hand
  lesson = $state.raw<Shared['lesson']>(null); // that a link or a saved page was in

  // --- data ---------------------------------------------------------------------------------------------------------

  /** `turn`: of those that are opened at the same time the latest stays, whichever is read first. */
  async open(wanted: Source | Files, turn = ++this.turn): Promise<void> {
    const own = wanted.kind === 'csv' || wanted.kind === 'files';
    if (this.pendingModel && own) wanted = { ...wanted, model: this.pendingModel };
    if (own) this.pendingModel = null;
    if (this.run) this.hush();
    this.asked = null;
    const before = this.run?.settings, division = before ?? FIRST;
    await this.reading(async () => {
      const { data, source, others } = await this.load(wanted, division), waiting = own ? this.pending : null;
      if (own) this.pending = null;
      if (waiting && waiting.runs[0].settings.layers.at(-1)?.units === data.nOut) await this.take(data, source, waiting, turn);
      else if (source.model) await this.showModel(data, source);
      else {
        const same = this.data && before && this.data.nIn === data.nIn && this.data.nOut === data.nOut && this.data.target.task === data.target.task;
        await this.show(data, source, same ? fitted(before, data) : own ? toLookAt(data, division.seed, division.heldOut) : fresh(data, division), {}, turn);
      }
      if (others.length) this.tell('others_have_other_columns', { name: (wanted as Files).files[0].name, others }, 'wrong');
    }, 'data_refused', (encoding) => this.open({ ...(wanted as Files), encoding }));
  }

  /** A toy set as a lesson begins with it. */
  start(source: Source, settings: Partial<Settings>): Promise<boolean> {
    return this.reading(async () => {
      const { data } = await this.load(source, FIRST);
      await this.show(data, source, { ...fresh(data), ...settings });
      this.hush();
    });
  }

  /** How far it has come is shown where it lasts. */
  private load(wanted: Source | Files, division: Division) {
    return this.withProgress(wanted.kind === 'files' ? wanted.files[0].name : wanted.name, (tell) => load(wanted, division, tell));
  }
  async withProgress<R>(name: string, read: (tell: (share: number) => void) => Promise<R>): Promise<R> {
    const mine = (this.latest = {}), slow = setTimeout(() => { if (this.latest === mine) this.progress = { name, share: 0 }; }, SLOW);
    try {
      return await read((share) => { if (this.progress && this.latest === mine) this.progress = { name, share }; });
    } finally {
      clearTimeout(slow);
      if (this.latest === mine) this.progress = null;
    }
  }
  private latest = {}; // of what was to be read
  stopReading = stopReading;

  private before: Aside | null = null; // a wrong choice, perhaps
  private turn = 0; // of what was asked for last
  private shown = 0; // and of what is here
  private asked: Source | null = null; // the table that is here, as it is being read again
  private pending: Shared | null = null; // a link's settings that wait for their table
  private pendingModel: string | null = null; // a model file that does

  /** What reads a table: where that cannot be, it is said why; `again`: by an encoding that the reader chooses. */
  async reading(what: () => Promise<void>, wrong: Key = 'data_refused', again?: Said['again']): Promise<boolean> {
    try {
      await what();
      return true;
    } catch (error) {
      if (error instanceof Overtaken) return false;
      this.tell(error instanceof Refusal || wrong === 'data_refused' ? wrong : 'link_damaged', { why: reason(error) }, 'wrong');
      if (error instanceof Refusal && again) this.said = { ...this.said!, readings: error.said.values.readings as Said['readings'], again };
      return false;
    }
  }

  /** The same table, prepared in another way: other columns, another scaling, another target. */
  async prepare(chosen: Chosen & { target?: string }): Promise<void> {
    await this.anew(chosen, fitted);
  }
  get choosable(): boolean {
    return Boolean(this.source && this.data && choosable(this.source, this.data));
  }

  /** The same table as `deltaw train` would begin with it. */
  async asTrained(): Promise<void> {
    await this.anew({ scaling: 'piecewise' }, ({ seed, heldOut }, data) => recipe('default', data, data.rows - (data.heldOut?.length ?? 0), seed, heldOut));
  }

  /** The table read again as it was asked for last, but for what is chosen; a new start with settings made of those before. */
  private async anew(chosen: Partial<Source>, made: (settings: Settings, data: Data) => Settings, changes: Partial<Settings> = {}): Promise<void> {
    const played = this.playing, settings = { ...this.run!.settings, ...changes }, turn = ++this.turn;
    const source = { ...(this.asked ?? this.source!), ...chosen } as Source;
    this.asked = source;
    await this.reading(async () => {
      const { data } = await this.load(source, settings);
      await this.show(data, source, made(settings, data), {}, turn);
      if (this.before) this.tell('new_start', {}, 'told', true);
      if (played) await this.play();
    });
    if (this.asked === source) this.asked = null;
  }

  /** A run of some data takes the place of all that was. What is looked at stays, where that is there still. */
  async show(data: Data, source: Source, settings: Settings, from: From = {}, turn = ++this.turn): Promise<void> {
    const run = await (from.origin ? Run.resume('A', data, settings, from.origin) : Run.start('A', data, settings, from.weights));
    if (turn < this.shown) return run.close();
    this.shown = turn;
    this.stop();
    if (this.putAside()) this.tell('put_aside', {}, 'told', true);
    else this.runs.forEach((each) => each.close());
    const all = axes(data), alike = data.rows === this.data?.rows && String(all.map(({ name }) => name)) === String(this.all.map(({ name }) => name));
    this.data = data;
    this.source = source;
    this.all = all;
    if (!alike) {
      this.axes = telling(data, all);
      this.row = 0;
    }
    this.chosen = new Map();
    this.output = data.nOut > 1 && data.target.task === 'classification' ? -1 : 0;
    this.input = null;
    this.unit = this.link = null;
    if (this.tab === 'unit' || this.tab === 'weight' || this.tab === 'draw') this.tab = null;
    this.speed = data.rows > 1000 || data.image ? SPEEDS.length - 1 : 8;
    this.active = 0;
    this.runs = [run];
    run.pace(SPEEDS[this.speed]);
    this.look();
  }

  /** What was learnt stays for a while, in case it was a wrong choice that ends it. False where there was nothing yet. */
  private putAside(): boolean {
    if (this.said?.undo) this.hush();
    this.before = aside(this);
    return this.before !== null;
  }
  undo = (): void => {
    if (!this.before) return;
    this.stop();
    closeAll(this.runs, this.before.runs);
    Object.assign(this, this.before, { before: null, unit: null, link: null, input: null, chosen: new Map() });
    this.shown = this.turn = this.turn + 1; // what is still on its way comes too late
    this.hush();
    this.look();
  };
  /** What was said is read, and what was put aside is not wanted any more. */
  hush(): void {
    this.said = null;
    if (this.before) closeAll(this.before.runs, this.runs);
    this.before = null;
  }

  /** What was wrong is right now. */
  private mended(): void {
    if (this.said?.kind === 'wrong') this.hush();
  }

  /** The page as it comes: what it was given, what its address says, or a first toy. Whether an address, or a saved page, said what. */
  async begin(): Promise<boolean> {
    const turn = ++this.turn;
    const came = await cameWith().catch(() => undefined);
    if (came === undefined) this.tell('page_damaged', {}, 'wrong');
    if (came?.language) page.suggest(came.language);
    const shared = (await fromHash(location.hash)) ?? fromPage();
    if (shared === 'unreadable') this.tell('link_damaged', {}, 'wrong');
    else if (shared && (await this.restore(shared, turn))) return true;
    if (this.turn !== turn) return false; // a table was opened meanwhile
    if (came) await this.show(came.data, { kind: 'given', name: came.data.name }, came.settings, { weights: came.weights }, turn);
    else await this.open({ kind: 'toy', name: 'circle', noise: 0.1, seed: 0 }, turn);
    return false;
  }

  /** Another address in the same tab: a link that was pasted above, or back from one. */
  follow = async (): Promise<void> => {
    const shared = await fromHash(location.hash);
    if (shared === 'unreadable') this.tell('link_damaged', {}, 'wrong');
    else if (shared) await this.restore(shared);
  };

  /** What an address or a saved page kept. False where it needs a table that is not here, or cannot be. */
  async restore(shared: Shared, turn = ++this.turn): Promise<boolean> {
    const source = shared.source ?? (this.source?.kind === 'csv' && this.data?.name === shared.name ? this.source : null);
    if (source) return this.reading(async () => this.take((await this.load(source, shared.runs[0].settings)).data, source, shared, turn), 'link_refused');
    this.pending = shared;
    this.tell('shared_needs_table', { name: shared.name });
    return false;
  }

  private async take(data: Data, source: Source, shared: Shared, turn: number): Promise<void> {
    const [first, second] = shared.runs;
    for (const { settings } of shared.runs) if (settings.layers.at(-1)!.units !== data.nOut) throw new Refusal('expected an output for each answer', String(settings.layers.at(-1)!.units), 'copy the link anew');
    const from = (run: SharedRun): From => ({ origin: shared.source ? run.origin : undefined, weights: (run.weights && unpackedWeights(run.weights, run.settings, data.nIn)) || undefined });
    await this.show(data, source, first.settings, from(first), turn);
    if (turn < this.shown) return; // something else was asked for meanwhile, and is here
    if (second) {
      const { origin, weights } = from(second);
      const run = await (origin ? Run.resume('B', data, second.settings, origin) : Run.start('B', data, second.settings, weights));
      run.pace(SPEEDS[this.speed]);
      this.forkedAt = origin ? shared.forkedAt : 0;
      this.runs = [this.runs[0], run];
    }
    if (shared.axes.every((k) => k >= 0 && k < this.all.length)) this.axes = shared.axes;
    this.pickRow(shared.row, false);
    this.lesson = shared.lesson;
  }

  /** Tables and model files, a model first: what comes with it is its table. */
  async openFiles(files: File[]): Promise<void> {
    const turn = ++this.turn, [models, tables] = [true, false].map((wanted) => files.filter(({ name }) => name.endsWith('.deltaw') === wanted));
    for (const file of models.slice(-1)) await this.openModel(new Uint8Array(await file.arrayBuffer()), tables.length > 0);
    tables.sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name));
    if (tables.length) await this.open({ kind: 'files', files: tables }, turn);
  }
  /** The reader's file again, in another encoding. */
  readAs = (encoding: string): Promise<void> => this.open(inEncoding(this.source!, encoding));

  /** A model goes on with the table that is here, or that is opened next. */
  private async openModel(file: Uint8Array, wait: boolean): Promise<void> {
    const model = asModel(file), source = { ...this.source!, model };
    await this.reading(async () => {
      const { settings, target } = modelIn(source);
      const found = wait ? null : await this.load(source, settings).catch((error: Error) => { if (error instanceof Overtaken) throw error; return null; });
      if (found) return this.showModel(found.data, source);
      this.pendingModel = model;
      if (!wait) this.tell('model_needs_table', { target: target.name });
    });
  }
  private async showModel(data: Data, source: Source): Promise<void> {
    const { settings, weights } = modelIn(source);
    await this.show(data, source, settings, { weights });
    this.tell('model_opened', { rows: data.rows });
  }

  // --- playing ------------------------------------------------------------------------------------------------------

  async toggle(): Promise<void> {
    if (this.playing) await this.pause();
    else await this.play();
  }

  async play(): Promise<void> {
    await Promise.all(this.runs.map(async (run) => {
      // A run that came to its end goes on as long again.
      if (run.state.ended === 'finished') {
        await run.change({ epochs: 2 * run.settings.epochs });
        await run.pause(); // its state is of one that has not ended
      }
      void run.play();
    }));
    this.playing = true;
  }

  private stop(): void {
    this.playing = false;
  }

  async pause(): Promise<void> {
    await Promise.all(this.runs.map((run) => run.pause()));
    this.stop();
    this.look();
  }

  /** What an engine could not do: it rests, and says so. */
  async failed(error: unknown): Promise<void> {
    this.stop();
    this.tell('it_failed', { why: reason(error) }, 'wrong');
    await Promise.allSettled(this.runs.map((run) => run.pause()));
  }

  /** All runs have stopped by themselves. */
  ended(): void {
    if (this.playing && this.runs.every((run) => run.state.ended)) this.stop();
  }

  step = (): Promise<void> => this.each((run) => run.step());
  epoch = (): Promise<void> => this.each((run) => run.epoch());
  goTo = (moment: number): Promise<void> => this.each((run) => run.goTo(Math.max(moment, this.runs.length > 1 ? this.forkedAt : 0)));

  private async each(what: (run: Run) => Promise<void>): Promise<void> {
    if (this.playing) await this.pause();
    await Promise.all(this.runs.map(what));
    this.look();
  }

  pace(speed: number): void {
    this.speed = speed;
    this.runs.forEach((run) => run.pace(SPEEDS[speed]));
  }

  /** From the beginning, with the same weights as then. */
  async restart(): Promise<void> {
    await this.each((run) => run.begin());
    if (this.runs.length > 1) await this.unfork(0);
  }

  // --- two runs -----------------------------------------------------------------------------------------------------

  async fork(changes: Partial<Settings>): Promise<void> {
    const { run } = this;
    if (this.runs.length > 1 || !run) return;
    await this.pause();
    const { moment } = run.state, second = await run.fork('B', changes);
    if (this.runs.length > 1 || this.runs[0] !== run) return second.close(); // it was pressed twice, or a table was opened meanwhile
    this.forkedAt = moment;
    second.pace(SPEEDS[this.speed]);
    this.runs = [run, second];
    this.active = 1;
    this.look();
  }

  /** Keep one of two. */
  async unfork(keep: number): Promise<void> {
    if (this.runs.length < 2) return;
    await this.pause();
    this.runs[1 - keep].close();
    this.active = 0;
    this.runs = [this.runs[keep]];
    this.look();
  }

  // --- settings -----------------------------------------------------------------------------------------------------

  async change(changes: Partial<Settings>): Promise<void> {
    const { run, data } = this;
    if (!run || !data) return;
    const bad = impossible({ ...run.settings, ...changes }, data);
    if (bad) return this.tell(bad, {}, 'wrong');
    this.mended();
    // Other rows held out prepare other inputs; beside a second run the rows stay those of the first.
    if (('seed' in changes || 'heldOut' in changes) && this.runs.length === 1) return this.anew({}, fitted, changes);
    const played = this.playing;
    try {
      if (!(await run.change(changes)) && !(await this.replace(run, { ...run.settings, ...changes }))) return this.change(changes);
      if (played) await this.play();
    } catch (error) {
      this.tell('setting_refused', { why: reason(error) }, 'wrong');
    }
    this.look();
  }

  /** Another run in the place of one; false where something else has taken that. */
  async replace(run: Run, settings: Settings, weights?: Weights): Promise<boolean> {
    const anew = await Run.start(run.letter, run.data, settings, weights);
    if (!this.runs.includes(run)) return anew.close(), false;
    anew.pace(SPEEDS[this.speed]);
    const learnt = this.putAside();
    this.runs = this.runs.map((each) => (each === run ? anew : each));
    if (learnt) this.tell('new_start', {}, 'told', true);
    else run.close();
    if (this.unit && !(this.unit.layer < 0) && !(this.unit.unit < (settings.layers[this.unit.layer]?.units ?? 0))) this.unit = null;
    this.link = null;
    if (this.tab === 'weight') this.tab = null;
    this.look();
    return true;
  }

  /** What the doctor proposes, from the start: what broke cannot go on. */
  async repair({ change, scaling }: Pick<Repair, 'change' | 'scaling'>): Promise<void> {
    if (scaling) return this.prepare({ scaling });
    await this.change(change);
    if (this.run?.state.broken) await this.run.begin();
    this.look();
  }

  /** A weight by hand, as it was typed: false where that is no number, or none that float32 holds. */
  async setWeight(place: LinkPlace, text: string): Promise<boolean> {
    const value = typed(text);
    if (!this.run) return false;
    if (!Number.isFinite(Math.fround(value))) return this.tell('no_weight', { typed: text.trim() }, 'wrong'), false;
    this.mended();
    if (this.playing) await this.pause();
    await this.run.setWeight(place.layer, place.j, place.k, value);
    this.edits++;
    this.look();
    return true;
  }

  tell(key: Key, values: Record<string, Text> = {}, kind: Said['kind'] = 'told', undo = false): void {
    if (!undo) this.hush();
    this.said = { key, values, kind, undo };
  }
}

export const lab = new Lab();
