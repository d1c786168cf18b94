import type { CommandKind } from '../command-kind.ts';
import { personCommands } from './person-commands.ts';
import { setupCommands } from './setup-commands.ts';
import { troubleCommands } from './trouble-commands.ts';
import { worldCommands } from './world-commands.ts';

/** Everything that can be written in a scenario. The first one that fits is meant. */
export const commandKinds: readonly CommandKind[] = [
  ...setupCommands,
  ...personCommands,
  ...worldCommands,
  ...troubleCommands,
];
