import type { Json } from '../../api/object.ts';
import type { StepPluginAnswer, StepPluginOperation } from '../../engine/step-plugin.ts';

/** Version of what plug-ins are told and answer. */
export const stepPluginApiVersion = 'step-plugin.sluice.dev/v1';

/** What a plug-in is told at a call. The same call may come twice: `id` is the same then. */
export interface StepPluginRequest {
  readonly apiVersion: typeof stepPluginApiVersion;
  /** Identity of the call. */
  readonly id: string;
  /**
   * `Run`: do the step, or say how far it is. `Abort`: the update is aborted, take back what the step did. `Terminate`:
   * the step is left before its end, stop it.
   */
  readonly operation: StepPluginOperation;
  /** The name under which the step asks for the plug-in. */
  readonly plugin: string;
  readonly step: {
    /** 0 is the first step. */
    readonly index: number;
    /** As the Rollout gives it; null when it gives none, or when its step is another one by now. */
    readonly config: Json;
  };
  /** 1 for the first call of this operation. */
  readonly execution: number;
  /** What the plug-in answered as `status` the last time; null at first. */
  readonly status: Json;
  readonly rollout: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly revision: number;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    /** Pod-template hash of the revision on its way. */
    readonly podTemplateHash: string;
    /** That of the stable one; empty before there is one. */
    readonly stablePodTemplateHash: string;
  };
}

/** A plug-in that can be called. */
export interface StepPlugin {
  /** Steps of it are passed by, and it is never called. */
  readonly disabled: boolean;
  /** Never rejects: what goes wrong is an answer in the phase Error. */
  call(request: StepPluginRequest, signal: AbortSignal): Promise<StepPluginAnswer>;
}

/** Plug-ins by the name under which steps ask for them. */
export type StepPluginRegistry = ReadonlyMap<string, StepPlugin>;
