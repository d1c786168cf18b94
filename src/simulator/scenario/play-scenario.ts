import { createHash } from 'node:crypto';

import { messageOf } from '../../base/error.ts';
import type { Strictness } from '../invariants/all-invariants.ts';
import { InvariantWatch } from '../invariants/invariant-watch.ts';
import { violationText } from '../invariants/invariant.ts';
import type { Commit } from '../ledger.ts';
import { SimulatedWorld, type WorldObserver, type WorldOptions } from '../simulated-world.ts';
import { PromiseWatch } from './promise-watch.ts';
import type { Scenario } from './scenario.ts';
import { Script } from './script.ts';
import { Stage } from './stage.ts';
import { Story } from './story.ts';

/** How a scenario is played. */
export interface PlayOptions extends Partial<Omit<WorldOptions, 'observers'>> {
  readonly strictness?: Partial<Strictness>;
  /** Who else wants to be told. */
  readonly observer?: WorldObserver;
  /** Promises, the story and the hash are left out: times are other ones under faults. */
  readonly isDisturbed?: boolean;
  /** Told of the world before anything happens in it. */
  readonly onWorld?: (world: SimulatedWorld) => void;
  /** How long the world must stay as it is once it is at rest. */
  readonly stableMs?: number;
}

/** What came of a scenario. */
export interface Performance {
  readonly lines: readonly string[];
  /** What went against an invariant or a promise, one line each; empty when all is well. */
  readonly complaints: readonly string[];
  /** Of everything that was written, in order. */
  readonly hash: string;
  /** When it was over, in milliseconds since the simulation began. */
  readonly endedMs: number;
  readonly stage: Stage;
}

/** A world in which nothing was written for this long is at rest: no delay or pause of a scenario is longer. */
const quietMs = 65_000;
/** Everything ends some time. */
const endMs = 3_600_000;
/** Scenarios have a few hundred events; a tenfold of the longest is too much. */
const eventsMax = 50_000;

/** Plays a scenario from an empty cluster to its end. The same options give the same performance. */
export async function playScenario(scenario: Scenario, options: PlayOptions = {}): Promise<Performance> {
  const play = new Play(scenario, options);
  try {
    await play.run();
    return play.outcome();
  } finally {
    play.close();
  }
}

class Play {
  readonly #scenario: Scenario;
  readonly #options: PlayOptions;
  readonly #world: SimulatedWorld;
  readonly #stage: Stage;
  readonly #script: Script;
  readonly #story: Story;
  readonly #invariants: InvariantWatch;
  readonly #promises: PromiseWatch;
  readonly #hash = createHash('sha256');
  readonly #troubles: string[] = [];
  #lastCommitMs = 0;
  #cancelTick = (): void => undefined;

  constructor(scenario: Scenario, options: PlayOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#world = new SimulatedWorld({
      seed: 1,
      eventsMax,
      faults: {
        call: (call) => this.#stage.trouble.call(call),
        openWatch: () => this.#stage.trouble.openWatch(),
        watchEvent: () => this.#stage.trouble.watchEvent(),
      },
      ...options,
      holdsOf: () => (this.#stage.hold === undefined ? [] : [this.#stage.hold]),
      observers: [this.#observer(), ...(options.observer === undefined ? [] : [options.observer])],
    });
    options.onWorld?.(this.#world);
    const now = (): number => this.#world.time.nowMs;
    this.#story = new Story(now);
    this.#invariants = new InvariantWatch(
      {
        ledger: this.#world.ledger,
        nowMs: now,
        proxiedRoutes: (namespace, name) => this.#world.dataPlane.routes(namespace, name),
      },
      options.strictness,
    );
    this.#stage = new Stage(
      this.#world,
      () => this.#invariants.pictures(),
      (line) => this.#story.tell('answer', line),
    );
    this.#script = new Script(scenario.steps, this.#stage, {
      tell: (text) => this.#story.tell('do', text),
      fail: (text, error) => this.#troubles.push(`${text}: ${messageOf(error)}`),
    });
    this.#promises = new PromiseWatch(options.isDisturbed === true ? [] : scenario.promises, this.#stage);
  }

  async run(): Promise<void> {
    const { time } = this.#world;
    await this.#world.start();
    this.#world.startController();
    time.onSettled(() => this.#look());
    this.#tick();
    this.#script.start();
    const { untilMs } = this.#scenario;
    if (untilMs === undefined) await this.#runToRest();
    else await time.run(untilMs);
    this.#troubles.push(...this.#script.undone().map((text) => `was never done: ${text}`));
    this.#promises.end();
  }

  /** What is at rest stays at rest. */
  async #runToRest(): Promise<void> {
    const { time } = this.#world;
    await time.run(endMs, () => this.#isQuiet());
    if (time.nowMs >= endMs) {
      this.#troubles.push('it never comes to rest');
      return;
    }
    this.#invariants.onEnd();
    this.#cancelTick();
    const written = this.#lastCommitMs;
    await time.run(time.nowMs + (this.#options.stableMs ?? 0));
    if (this.#lastCommitMs !== written) this.#troubles.push('it does not stay at rest');
  }

  outcome(): Performance {
    return {
      lines: this.#story.lines(),
      complaints: [...this.#invariants.violations.map(violationText), ...this.#promises.complaints, ...this.#troubles],
      hash: this.#hash.copy().digest('hex'),
      endedMs: this.#world.time.nowMs,
      stage: this.#stage,
    };
  }

  close(): void {
    this.#world.close();
  }

  #observer(): WorldObserver {
    return {
      onCommit: (commit) => this.#take(commit),
      onFlow: (frontend, flow) => this.#story.onFlow(frontend, flow),
      onSend: (call) => this.#invariants.onSend(call),
      onPass: (namespace, name) => this.#invariants.onPass(namespace, name),
      onLog: (level, fields, message) => {
        this.#story.onLog(fields, message);
        if (level === 'error') this.#troubles.push(`${message}: ${JSON.stringify(fields)}`);
      },
    };
  }

  #take(commit: Commit): void {
    const { atMs, type, object } = commit;
    this.#lastCommitMs = atMs;
    this.#invariants.onCommit(commit);
    this.#story.onCommit(commit);
    if (this.#options.isDisturbed !== true) this.#hash.update(`${atMs} ${type} ${JSON.stringify(object)}\n`);
  }

  /** Everything that can be done at this moment is done. */
  #look(): void {
    const happenings = this.#story.takeHappenings();
    this.#promises.look(happenings);
    this.#script.look(happenings);
  }

  #tick(): void {
    const { time } = this.#world;
    this.#cancelTick = time.at(time.nowMs + 1000, () => {
      this.#invariants.onTime();
      this.#tick();
    });
  }

  #isQuiet(): boolean {
    const { nowMs } = this.#world.time;
    return this.#script.isDone && nowMs - Math.max(this.#lastCommitMs, this.#script.lastActMs) >= quietMs;
  }
}
