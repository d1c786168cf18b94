import { after, before, describe, test } from 'node:test';

import { findBinaries } from '../control-plane/binaries.ts';
import {
  startControlPlane,
  startOwnControlPlane,
  type ControlPlane,
  type ControlPlaneOptions,
  type OwnControlPlane,
} from '../control-plane/control-plane.ts';

/** True where a missing program is a failure rather than a reason to skip. */
export const skipIsFailure = !['', '0', 'false', undefined].includes(process.env['CI']);

/** Hands out the thing that a suite started; only callable inside its tests. */
export type Started<T> = () => T;

/**
 * A suite with a control plane of its own, which is stopped when the suite ends. Where there can be none, the suite is
 * skipped with one line that says why; with CI set it fails instead.
 */
export function ownControlPlaneSuite(
  name: string,
  options: ControlPlaneOptions & { readonly concurrency?: number },
  define: (plane: Started<OwnControlPlane>) => void,
): void {
  startedSuite(name, options.concurrency ?? 1, unavailable, () => startOwnControlPlane(options), define);
}

/** Like `ownControlPlaneSuite`, for tests that can also run on a throw-away cluster of somebody else. */
export function controlPlaneSuite(
  name: string,
  options: ControlPlaneOptions,
  define: (plane: Started<ControlPlane>) => void,
): void {
  const existing = process.env['SLUICE_E2E_ALLOW'] === '1' && Boolean(process.env['KUBECONFIG']);
  startedSuite(name, 1, existing ? undefined : unavailable, () => startControlPlane(options), define);
}

/** The shape that both kinds of suite share. `reason` says why nothing can be started. */
export function startedSuite<T extends { stop(): Promise<void> }>(
  name: string,
  concurrency: number,
  reason: string | undefined,
  start: () => Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }>,
  define: (started: Started<T>) => void,
): void {
  if (reason !== undefined) {
    test(name, { skip: skipIsFailure ? false : reason }, () => {
      throw new Error(`this must not be skipped where CI is set: ${reason}`);
    });
    return;
  }
  describe(name, { concurrency }, () => {
    let value: T | undefined;
    before(async () => {
      const started = await start();
      if (!started.ok) throw new Error(started.error);
      value = started.value;
    });
    after(async () => {
      await value?.stop();
    });
    define(() => {
      if (value === undefined) throw new Error(`${name} has not been started`);
      return value;
    });
  });
}

/** Why this machine can have no control plane of our own; undefined when it can. */
export const unavailable = await whyUnavailable();

async function whyUnavailable(): Promise<string | undefined> {
  const report = (line: string): boolean => process.stderr.write(`control plane: ${line}\n`);
  const binaries = await findBinaries({ report });
  return binaries.ok ? undefined : binaries.error;
}
