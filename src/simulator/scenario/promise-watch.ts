import type { ScenarioPromise } from './scenario.ts';
import type { Stage } from './stage.ts';
import type { Happening } from './story.ts';

/** Looks whether what was promised by hand is kept. */
export class PromiseWatch {
  readonly complaints: string[] = [];
  readonly #stage: Stage;
  readonly #open: Set<ScenarioPromise>;

  constructor(promises: readonly ScenarioPromise[], stage: Stage) {
    this.#stage = stage;
    this.#open = new Set(promises);
  }

  /** To be called at every moment at which anything changed. */
  look(happenings: readonly Happening[]): void {
    const { nowMs } = this.#stage.world.time;
    for (const promise of this.#open) {
      if (promise.kind === 'finally' || nowMs < promise.fromMs) continue;
      const isLate = nowMs > promise.untilMs;
      if (promise.kind === 'within' && isLate) this.#break(promise, 'it was not so in time');
      else if (isLate) this.#open.delete(promise);
      else if (promise.condition(this.#stage, happenings)) this.#meet(promise);
    }
  }

  /** The scenario is over. */
  end(): void {
    for (const promise of this.#open) {
      if (promise.kind === 'within') this.#break(promise, 'it was not so up to the end');
      if (promise.kind === 'finally' && !promise.condition(this.#stage, [])) this.#break(promise, 'it is not so');
    }
  }

  #meet(promise: ScenarioPromise): void {
    if (promise.kind === 'never') this.#break(promise, 'it happened');
    else this.#open.delete(promise);
  }

  #break(promise: ScenarioPromise, how: string): void {
    this.#open.delete(promise);
    const seconds = (this.#stage.world.time.nowMs / 1000).toFixed(3);
    this.complaints.push(`line ${promise.line}, "${promise.text}": ${how} (${seconds} s)`);
  }
}
