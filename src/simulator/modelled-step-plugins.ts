import { recordOf, textOf } from '../api/json-access.ts';
import { sleep, type Clock } from '../base/clock.ts';
import { formatInstant, parseInstant } from '../base/instant.ts';
import type { StepPlugin, StepPluginRegistry, StepPluginRequest } from '../controller/step-plugins/contract.ts';
import type { StepPluginAnswer } from '../engine/step-plugin.ts';

/** How a modelled step plug-in behaves. Times are milliseconds. */
export interface StepPluginBehaviour {
  /** From the first call of a step to its end; undefined: it never ends. */
  readonly doneMs: number | undefined;
  readonly outcome: 'Successful' | 'Failed';
  /** It answers nothing. */
  readonly isUnreachable: boolean;
  /** It is switched off in the settings of the controller. */
  readonly isDisabled: boolean;
}

const usual: StepPluginBehaviour = { doneMs: 5000, outcome: 'Successful', isUnreachable: false, isDisabled: false };

/** How long an answer takes, and when a plug-in that runs wants to be asked again. */
const [answerMs, askAgainAfterMs] = [100, 2000];

/** Step plug-ins whose behaviour a scenario sets. What a step has begun it remembers in its status alone. */
export class ModelledStepPlugins {
  readonly #behaviours = new Map<string, StepPluginBehaviour>();
  readonly #plugins = new Map<string, StepPlugin>();
  readonly #clock: () => Clock;

  /** `clock` is that of the controller that runs now. */
  constructor(clock: () => Clock) {
    this.#clock = clock;
  }

  /** Plug-ins by name, also those that are added later. */
  get registry(): StepPluginRegistry {
    return this.#plugins;
  }

  /** Changes how a plug-in behaves from now on; one that was not there is added. */
  change(name: string, behaviour: Partial<StepPluginBehaviour>): void {
    this.#behaviours.set(name, { ...usual, ...this.#behaviours.get(name), ...behaviour });
    if (this.#plugins.has(name)) return;
    const behaviourOf = (): StepPluginBehaviour => this.#behaviours.get(name) ?? usual;
    this.#plugins.set(name, {
      get disabled() {
        return behaviourOf().isDisabled;
      },
      call: async (request, signal) => {
        const clock = this.#clock();
        await sleep(clock, answerMs, signal);
        return answer(request, behaviourOf(), clock.now());
      },
    });
  }
}

function answer(request: StepPluginRequest, behaviour: StepPluginBehaviour, now: number): StepPluginAnswer {
  const { doneMs, outcome, isUnreachable } = behaviour;
  if (isUnreachable) return { phase: 'Error', message: 'it does not answer' };
  if (request.operation !== 'Run') return { phase: 'Successful', message: 'nothing is left of it' };
  const begunMs = parseInstant(textOf(recordOf(request.status)['begunAt'])) ?? now;
  const status = { begunAt: formatInstant(begunMs) };
  if (doneMs === undefined || now < begunMs + doneMs) {
    return { phase: 'Running', message: 'is at work', status, askAgainAfterMs };
  }
  return { phase: outcome, message: outcome === 'Failed' ? 'it found a mistake' : 'is done', status };
}
