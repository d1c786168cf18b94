import { withDeadline, type Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { MetricPlugin, MetricPluginRequest } from './contract.ts';

/** What a module exports. It answers as the HTTP form does; what it throws is an error of the measurement. */
export interface MetricPluginModule {
  readonly measure: (request: MetricPluginRequest, context: { readonly signal: AbortSignal }) => unknown;
}

/** A plug-in that is a module of this process. Its function must not block: nothing can stop one that does. */
export function moduleMetricPlugin(module: MetricPluginModule, timeoutMs: number, clock: Clock): MetricPlugin {
  return {
    async call(request, signal) {
      const { id } = request;
      const late = (): SluiceError => new SluiceError('Timeout', `no answer within ${timeoutMs} ms`);
      try {
        const measure = async (inner: AbortSignal): Promise<unknown> => module.measure(request, { signal: inner });
        const value = await withDeadline(clock, timeoutMs, signal, measure, late);
        // What JSON cannot say of an answer is not in it.
        const body = JSON.stringify(value) ?? '';
        return { kind: 'answer', id, status: 200, contentType: 'application/json', body };
      } catch (error) {
        const code = error instanceof SluiceError ? error.code : 'MetricUnreachable';
        return { kind: 'failure', id, code, message: messageOf(error) };
      }
    },
  };
}

/** The function that a loaded module exports, by name or in its default; says what is wrong with it. */
export function readMetricPluginModule(exported: unknown): MetricPluginModule | string {
  const named = exported as { readonly default?: unknown };
  const candidate = (named.default ?? named) as Readonly<Record<string, unknown>>;
  if (typeof candidate['measure'] !== 'function') return 'it exports no function "measure"';
  return candidate as unknown as MetricPluginModule;
}
