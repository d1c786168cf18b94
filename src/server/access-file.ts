import { constants } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { recordOf, textOf } from '../api/json-access.ts';
import { messageOf, SluiceError } from '../base/error.ts';

/** How the API is reached: its address, and the file with the token. */
export interface Access {
  readonly url: string;
  readonly tokenPath: string;
}

const accessName = 'api.json';
const tokenName = 'token';

/** Where the token of a server with this state directory is. */
export function tokenPathOf(stateDirectory: string): string {
  return join(stateDirectory, tokenName);
}

/**
 * Leaves address and token of a running API in its state directory, for clients of the same user: the directory and the
 * token can be read by nobody else. Rejects with StateUnreadable when that cannot be done.
 */
export async function writeAccess(stateDirectory: string, url: string, token: string): Promise<Access> {
  const tokenPath = tokenPathOf(stateDirectory);
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    await writePrivately(tokenPath, `${token}\n`);
    await writePrivately(join(stateDirectory, accessName), `${JSON.stringify({ url })}\n`);
  } catch (error) {
    throw new SluiceError('StateUnreadable', `cannot write to ${stateDirectory}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { url, tokenPath };
}

/** Takes away what `writeAccess` left, when it is still that of this server. */
export async function removeAccess(stateDirectory: string, url: string): Promise<void> {
  const found = await readAccess(stateDirectory).catch(() => undefined);
  if (found?.url !== url) return;
  await Promise.all([accessName, tokenName].map((name) => rm(join(stateDirectory, name), { force: true })));
}

/** What a running API left in its state directory; undefined when there is nothing. Rejects with StateUnreadable. */
export async function readAccess(stateDirectory: string): Promise<Access | undefined> {
  const path = join(stateDirectory, accessName);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return undefined;
    throw new SluiceError('StateUnreadable', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const url = urlOf(content);
  if (url === undefined) {
    throw new SluiceError('StateUnreadable', `${path} does not say where the API is; start \`sluice run\` again`);
  }
  return { url, tokenPath: tokenPathOf(stateDirectory) };
}

function urlOf(content: string): string | undefined {
  try {
    const url = textOf(recordOf(JSON.parse(content))['url']);
    return URL.canParse(url) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The file is private from its first byte on, and readers see either the old content or the new. */
async function writePrivately(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  // The umask can only take rights away, but a file that its owner cannot read is of no use.
  await chmod(draft, 0o600);
  await rename(draft, path);
}
