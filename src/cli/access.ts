import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { messageOf, SluiceError } from '../base/error.ts';
import { readAccess, tokenPathOf, type Access } from '../server/access-file.ts';
import type { CliContext } from './context.ts';

/** Options of every command that say where the API is. */
export interface AccessOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly state?: string;
}

/** Address and token of the API. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
  /** File that the token came from; absent when it was made for this call. */
  readonly tokenPath?: string;
}

/** The state directory: as asked, as the environment says, or where such things are kept. */
export function stateDirectoryOf({ state }: AccessOptions, context: CliContext): string {
  const { env, homeDirectory, workingDirectory } = context;
  const chosen = state ?? env['SLUICE_STATE'];
  if (chosen !== undefined && chosen !== '') return resolve(workingDirectory, chosen);
  const base = env['XDG_STATE_HOME'];
  return join(base === undefined || base === '' ? join(homeDirectory, '.local', 'state') : base, 'sluice');
}

/**
 * Finds the API: options come before the environment, and both before what `sluice run` left in the state directory.
 * Rejects with a text that says what to do when nothing is found.
 */
export async function findAccess(options: AccessOptions, context: CliContext): Promise<ApiAccess> {
  const url = options.server ?? context.env['SLUICE_SERVER'];
  const tokenFile = options.tokenFile ?? context.env['SLUICE_TOKEN_FILE'];
  const state = stateDirectoryOf(options, context);
  const left: Access | undefined = url === undefined ? await readAccess(state) : { url, tokenPath: tokenPathOf(state) };
  if (left === undefined) {
    throw new SluiceError(
      'Unavailable',
      `no Sluice runs with the state directory ${state}; start one with "sluice run", or name it with --server or --state`,
    );
  }
  checkUrl(left.url);
  const tokenPath = tokenFile === undefined ? left.tokenPath : resolve(context.workingDirectory, tokenFile);
  return { url: left.url.replace(/\/+$/, ''), token: await readToken(tokenPath), tokenPath };
}

function checkUrl(url: string): void {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return;
  throw new SluiceError('Usage', `--server ${url} is no address of an API; write e.g. "http://127.0.0.1:7080"`);
}

async function readToken(path: string): Promise<string> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw new SluiceError('StateUnreadable', `cannot read the token of the API: ${messageOf(error)}`, { cause: error });
  }
  const token = content.trim();
  if (/^[\w\-.~+/]+=*$/.test(token)) return token;
  throw new SluiceError('StateUnreadable', `${path} holds no token; name the right file with --token-file`);
}
