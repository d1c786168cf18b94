import type { ControllerSettings } from './settings.ts';

/** What the command line tool gives to a controller. */
export interface ControlContext {
  /** Aborts when the controller is to end. */
  readonly signal: AbortSignal;
}

/** Carries Rollouts out until its signal aborts; rejects when it cannot begin or go on. */
export type ControllerFactory = (settings: ControllerSettings, context: ControlContext) => Promise<void>;
