import { Command, CommanderError, Help, type Option } from 'commander';

import { messageOf, SluiceError } from '../base/error.ts';
import { addAbort } from './commands/abort.ts';
import { addApprove } from './commands/approve.ts';
import { addCompletion } from './commands/completion.ts';
import { addController } from './commands/controller.ts';
import { addDescribe } from './commands/describe.ts';
import { addGet } from './commands/get.ts';
import { addInstall } from './commands/install.ts';
import { addLint } from './commands/lint.ts';
import { addPause } from './commands/pause.ts';
import { addPromote } from './commands/promote.ts';
import { addRestart } from './commands/restart.ts';
import { addResume } from './commands/resume.ts';
import { addRetry } from './commands/retry.ts';
import { addRun } from './commands/run.ts';
import { addSetImage } from './commands/set-image.ts';
import { addStatus } from './commands/status.ts';
import { addTerminate } from './commands/terminate.ts';
import { addUndo } from './commands/undo.ts';
import { addVersion } from './commands/version.ts';
import type { CliContext } from './context.ts';
import { addGlobalOptions } from './session.ts';
import { harmless } from './show/harmless.ts';

/** Exit codes: 0 when all went well, 1 for an error, 2 for a wrong call, 130 after an interrupt. */
export type ExitCode = number;

const codes = { success: 0, error: 1, usage: 2, interrupted: 130 } as const;

/** Runs one call of the command line tool and answers its exit code. Never throws. */
export async function runCli(context: CliContext): Promise<ExitCode> {
  try {
    await program(context).parseAsync(context.argv, { from: 'user' });
    return context.signal.aborted ? codes.interrupted : codes.success;
  } catch (error) {
    if (error instanceof CommanderError) return codeOfCommander(error);
    if (context.signal.aborted) return codes.interrupted;
    context.stderr.write(`error: ${harmless(messageOf(error))}\n`);
    return error instanceof SluiceError ? error.traits.exitCode : codes.error;
  }
}

/** The tool prints its own help when asked; a call without a command is a wrong one. */
function codeOfCommander({ code, exitCode }: CommanderError): ExitCode {
  return exitCode === 0 || code === 'commander.helpDisplayed' ? codes.success : codes.usage;
}

const examples = `
Examples:
  sluice run deploy/ --images images.yaml  run Rollouts on this machine
  sluice get rollouts                      what there is
  sluice get rollouts --context prod       what there is in the cluster of a kubeconfig
  sluice get rollout web -w                one Rollout, live
  sluice promote web                       let its update go on
  sluice abort web                         bring its users back`;

/** Options of every command, but for those that a command means in its own way. */
function visibleGlobalOptions(command: Command): Option[] {
  const help = new Help();
  help.showGlobalOptions = true;
  const own = new Set(command.options.map(({ long }) => long));
  return help.visibleGlobalOptions(command).filter(({ long }) => !own.has(long));
}

function program(context: CliContext): Command {
  const root = new Command('sluice')
    .description('Progressive delivery: every revision walks to its users in small steps')
    .configureHelp({ showGlobalOptions: true, helpWidth: 100, visibleGlobalOptions })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(--help shows how)')
    .version(`sluice ${context.version}`, '-V, --version', 'print the version')
    .addHelpText('after', examples)
    .exitOverride();
  addGlobalOptions(root);
  addGet(root, context);
  addDescribe(root, context);
  addStatus(root, context);
  addPromote(root, context);
  addApprove(root, context);
  addAbort(root, context);
  addRetry(root, context);
  addTerminate(root, context);
  addPause(root, context);
  addResume(root, context);
  addRestart(root, context);
  addSetImage(root, context);
  addUndo(root, context);
  addInstall(root, context);
  addLint(root, context);
  if (context.run !== undefined) addRun(root, context, context.run);
  if (context.control !== undefined) addController(root, context, context.control);
  addCompletion(root, context);
  addVersion(root, context);
  return root;
}
