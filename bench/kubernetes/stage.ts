import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  startOwnControlPlane,
  type ControlPlaneOptions,
  type OwnControlPlane,
} from '../../test/control-plane/control-plane.ts';
import { ControllerProcess } from '../../test/e2e/controller-process.ts';
import { installKinds, Shop } from '../../test/e2e/shop.ts';

/** What a benchmark runs on: a control plane on this machine, a namespace, and the controller as the image ships it. */
export interface Stage {
  readonly plane: OwnControlPlane;
  readonly shop: Shop;
  /** Starts a controller and waits until it leads. */
  start(flags?: readonly string[], nodeFlags?: readonly string[]): Promise<ControllerProcess>;
  /** Starts one and waits for nothing. */
  launch(flags?: readonly string[], nodeFlags?: readonly string[]): ControllerProcess;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Sets the stage, runs the work on it, and takes everything down. */
export async function onStage(options: ControlPlaneOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const controllers: ControllerProcess[] = [];
  try {
    execFileSync(process.execPath, [join(root, 'scripts/bundle.ts'), '--to', folder], { stdio: 'ignore' });
    const started = await startOwnControlPlane(options);
    if (!started.ok) throw new Error(started.error);
    const plane = started.value;
    try {
      await installKinds(plane);
      const shop = await Shop.open(plane);
      const launch: Stage['launch'] = (flags = [], nodeFlags = []) => {
        const program = { file: join(folder, 'sluice.mjs'), nodeFlags, environment: imageVariables() };
        const controller = new ControllerProcess(plane.kubeconfig(), flags, program);
        controllers.push(controller);
        return controller;
      };
      const start: Stage['start'] = async (flags, nodeFlags) => {
        const controller = launch(flags, nodeFlags);
        await controller.leads();
        return controller;
      };
      await work({ plane, shop, start, launch });
      shop.close();
    } finally {
      for (const controller of controllers) await controller.end();
      await plane.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Variables with which the image runs the controller. */
function imageVariables(): Readonly<Record<string, string>> {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const variables = Object.fromEntries(
    [...text.matchAll(/^ENV (?<name>\w+)=(?<value>.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  // The compiled code is kept inside of the image.
  const { NODE_COMPILE_CACHE: _, ...others } = variables;
  return others;
}

/** Does work on all items, so many at a time. */
export async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
