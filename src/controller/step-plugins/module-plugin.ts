import { withDeadline, type Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { StepPluginOperation } from '../../engine/step-plugin.ts';
import type { StepPlugin, StepPluginRequest } from './contract.ts';
import { readStepPluginAnswer } from './read-answer.ts';

/** One operation of a plug-in in a module. Answers as the HTTP form does; what it throws is an Error. */
export type ModuleOperation = (request: StepPluginRequest, context: { readonly signal: AbortSignal }) => unknown;

/** What a module exports. Without `abort` or `terminate` there is nothing to be done for them. */
export interface StepPluginModule {
  readonly run: ModuleOperation;
  readonly abort?: ModuleOperation;
  readonly terminate?: ModuleOperation;
}

const functions: Readonly<Record<StepPluginOperation, keyof StepPluginModule>> = {
  Run: 'run',
  Abort: 'abort',
  Terminate: 'terminate',
};

/** A plug-in that is a module of this process. Its functions must not block: nothing can stop one that does. */
export function modulePlugin(module: StepPluginModule, timeoutMs: number, clock: Clock): StepPlugin {
  return {
    disabled: false,
    async call(request, signal) {
      const operation = module[functions[request.operation]];
      if (operation === undefined) return { phase: 'Successful', message: '' };
      try {
        const value = await withDeadline(
          clock,
          timeoutMs,
          signal,
          async (inner) => operation(request, { signal: inner }),
          () => new SluiceError('Timeout', `no answer within ${timeoutMs} ms`),
        );
        const answer = readStepPluginAnswer(value);
        return answer.ok ? answer.value : { phase: 'Error', message: answer.error };
      } catch (error) {
        return { phase: 'Error', message: messageOf(error) };
      }
    },
  };
}

/** The functions that a loaded module exports, by name or as its default; says what is wrong with them. */
export function readStepPluginModule(exported: unknown): StepPluginModule | string {
  const named = exported as { readonly default?: unknown };
  const candidate = (named.default ?? named) as Readonly<Record<string, unknown>>;
  const { run, abort, terminate } = candidate;
  if (typeof run !== 'function') return 'it exports no function "run"';
  for (const [name, value] of Object.entries({ abort, terminate })) {
    if (value !== undefined && typeof value !== 'function') return `its "${name}" is no function`;
  }
  return candidate as unknown as StepPluginModule;
}
