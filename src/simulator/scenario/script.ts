import type { ScenarioStep } from './scenario.ts';
import type { Stage } from './stage.ts';
import type { Happening } from './story.ts';

/** Who is told of what a script does. */
export interface ScriptListener {
  tell(text: string): void;
  fail(text: string, error: unknown): void;
}

/**
 * Does the steps of a scenario at their times. Those that wait for a condition wait for each other in the order in
 * which they are written; those of a fixed time wait for nobody.
 */
export class Script {
  readonly #stage: Stage;
  readonly #listener: ScriptListener;
  readonly #setup: readonly ScenarioStep[];
  readonly #timed: readonly ScenarioStep[];
  readonly #waiting: ScenarioStep[];
  readonly #open: Set<ScenarioStep>;
  #isSetUp = false;
  #isBusy = false;
  lastActMs = 0;

  constructor(steps: readonly ScenarioStep[], stage: Stage, listener: ScriptListener) {
    this.#stage = stage;
    this.#listener = listener;
    this.#setup = steps.filter(({ trigger }) => trigger.kind === 'setup');
    this.#timed = steps.filter(({ trigger }) => trigger.kind === 'at');
    this.#waiting = steps.filter(({ trigger }) => trigger.kind === 'when');
    this.#open = new Set(steps);
  }

  get isDone(): boolean {
    return this.#open.size === 0;
  }

  /** Steps that were not done. */
  undone(): readonly string[] {
    return [...this.#open].map(({ text }) => text);
  }

  /** Begins: the setup at once, the others at their times. */
  start(): void {
    const { time } = this.#stage.world;
    for (const step of this.#timed) {
      if (step.trigger.kind === 'at') time.at(step.trigger.atMs, () => void this.#do(step));
    }
    void this.#setUp();
  }

  /** Looks whether the step that waits for a condition may be done. */
  look(happenings: readonly Happening[]): void {
    const [step] = this.#waiting;
    if (!this.#isSetUp || this.#isBusy || step?.trigger.kind !== 'when') return;
    if (!step.trigger.condition(this.#stage, happenings)) return;
    this.#waiting.shift();
    this.#isBusy = true;
    const { time } = this.#stage.world;
    time.at(time.nowMs + step.trigger.laterMs, () => {
      void this.#do(step).then(() => {
        this.#isBusy = false;
      });
    });
  }

  async #setUp(): Promise<void> {
    for (const step of this.#setup) await this.#do(step);
    this.#isSetUp = true;
  }

  async #do(step: ScenarioStep): Promise<void> {
    const { text, trigger, act } = step;
    this.lastActMs = this.#stage.world.time.nowMs;
    if (trigger.kind !== 'setup') this.#listener.tell(commandOf(text));
    try {
      await act(this.#stage);
    } catch (error) {
      this.#listener.fail(text, error);
    }
    this.#open.delete(step);
  }
}

/** The command without its trigger. */
function commandOf(text: string): string {
  return text.replace(/^(?:at|when) .+?: /u, '');
}
