import { and, assign, not, or, setup } from 'xstate';

import { factGuards, storedGuards, type MachineContext, type Observed } from './guards.ts';
import { resetStatus } from './reset.ts';
import { readStored, type Stored } from './stored.ts';

interface ActionArguments {
  readonly context: MachineContext;
}

/** The vocabulary of the statechart: its guards, and how its context moves. */
export const chart = setup({
  types: { context: {} as MachineContext, events: {} as Observed, input: {} as { readonly stored: Stored } },
  guards: { ...storedGuards, ...factGuards },
  actions: {
    /** Begins the update to the current template: what was known about the one before no longer counts. */
    reset: assign(({ context }: ActionArguments) => begin(context, false)),
    /** Begins it with its steps done, because it leads back to a revision that was stable not long ago. */
    resetPastSteps: assign(({ context }: ActionArguments) => begin(context, true)),
    forgetInvalid: assign(({ context }: ActionArguments) => ({ stored: { ...context.stored, invalid: false } })),
    nextStep: assign(({ context }: ActionArguments) => ({ stepIndex: context.stepIndex + 1 })),
  },
});

function begin({ stored: { rollout } }: MachineContext, skipsSteps: boolean): MachineContext {
  const stored = readStored({ ...rollout, status: resetStatus(rollout, skipsSteps) });
  return { stored, stepIndex: stored.stepIndex };
}

/** Nothing speaks for stopping, so the chart may go on. */
export const calm = not(
  or(['specInvalid', 'analysisFailed', 'experimentFailed', 'deadlineAborts', 'backgroundInconclusive']),
);

/** Every raise and every promotion asks this. */
export const free = and([calm, 'gatesOpen']);

/** A wrong specification freezes everything where it is. */
export const stopWhenInvalid = { guard: 'specInvalid', target: '#rollout.invalid' } as const;
