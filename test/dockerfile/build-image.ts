import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

import type { Instruction, Stage } from './read-dockerfile.ts';

/** The last stage, as a folder instead of an image. */
export interface BuiltImage {
  /** The working directory. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A stage while it is built. */
interface Building {
  readonly root: string;
  workdir: string;
  readonly environment: Record<string, string>;
}

/**
 * Does what the instructions say, in folders below `root`. What differs: packages are links to those that are installed
 * here, and files keep their owner.
 */
export function buildImage(stages: readonly Stage[], context: string, root: string): BuiltImage {
  const tools = prepareTools(root);
  const built = new Map<string, Building>();
  for (const { name, instructions } of stages) {
    const stage: Building = { root: join(root, name), workdir: '/', environment: {} };
    mkdirSync(stage.root, { recursive: true });
    for (const instruction of instructions) perform(instruction, stage, { context, built, tools });
    built.set(name, stage);
  }
  const last = built.get(stages.at(-1)?.name ?? '');
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  return { directory: join(last.root, last.workdir), environment: environmentOf(last, tools) };
}

interface Surroundings {
  readonly context: string;
  readonly built: ReadonlyMap<string, Building>;
  readonly tools: string;
}

function perform(instruction: Instruction, stage: Building, around: Surroundings): void {
  const { word, rest } = instruction;
  if (word === 'WORKDIR') {
    stage.workdir = rest;
    mkdirSync(join(stage.root, rest), { recursive: true });
  }
  if (word === 'ENV') {
    const [name = '', ...value] = rest.split('=');
    stage.environment[name] = value.join('=');
  }
  if (word === 'COPY') copy(instruction, stage, around);
  if (word === 'RUN') run(rest, stage, around);
}

function copy({ rest, options, line }: Instruction, stage: Building, { context, built }: Surroundings): void {
  const words = rest.split(' ');
  const target = words.at(-1) ?? '';
  const from = options['from'];
  const source = from === undefined ? context : built.get(from)?.root;
  if (source === undefined) throw new Error(`line ${line}: there is no stage ${from}`);
  for (const path of words.slice(0, -1)) {
    if (from === undefined && !isInContext(context, path)) throw new Error(`.dockerignore leaves out ${path}`);
    const into = target.endsWith('/') ? join(target, basename(path)) : target;
    cpSync(join(source, path), join(stage.root, stage.workdir, into), { recursive: true, verbatimSymlinks: true });
  }
}

/** Our .dockerignore leaves out everything but what it names with an exclamation mark. */
function isInContext(context: string, path: string): boolean {
  const lines = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n');
  return lines.includes('*') && lines.includes(`!${path.split('/')[0]}`);
}

function run(command: string, stage: Building, { context, tools }: Surroundings): void {
  const directory = join(stage.root, stage.workdir);
  if (command.startsWith('npm ')) {
    linkPackages(command, directory, context);
    return;
  }
  execFileSync('/bin/sh', ['-ec', command], { cwd: directory, env: environmentOf(stage, tools), stdio: 'pipe' });
}

/** Links what `npm ci` would install, by the lock file that was copied. */
function linkPackages(command: string, directory: string, context: string): void {
  const withDevelopment = command === 'npm ci --ignore-scripts';
  if (!withDevelopment && command !== 'npm ci --omit=dev --ignore-scripts') {
    throw new Error(`the test does not know: ${command}`);
  }
  const { packages } = JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8')) as PackageLock;
  for (const [path, { dev, devOptional, optional }] of Object.entries(packages)) {
    const isNested = path.lastIndexOf('node_modules/') > 0;
    const isLeftOut = !withDevelopment && (dev === true || devOptional === true);
    if (path === '' || isNested || isLeftOut) continue;
    if (!existsSync(join(context, path))) {
      // Packages for other machines are not installed.
      if (optional === true) continue;
      throw new Error(`${path} is not installed`);
    }
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    symlinkSync(join(context, path), join(directory, path));
  }
}

interface PackageLock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly devOptional?: boolean; readonly optional?: boolean }>
  >;
}

/** Commands in place of those that need root, and this Node.js. */
function prepareTools(root: string): string {
  const tools = join(root, '.tools');
  mkdirSync(tools);
  writeFileSync(join(tools, 'chown'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync(process.execPath, join(tools, 'node'));
  return tools;
}

/** Absolute paths below the working directory lead into the folder that stands for it. */
function environmentOf(stage: Building, tools: string): NodeJS.ProcessEnv {
  const declared = Object.entries(stage.environment).map(([name, value]) => [
    name,
    value.startsWith('/') ? join(stage.root, value) : value,
  ]);
  const environment = Object.fromEntries(declared) as Record<string, string>;
  // Packages are links here; without this they would find the packages that are beside them where they really are.
  const options = `${environment['NODE_OPTIONS'] ?? ''} --preserve-symlinks`.trim();
  return { ...environment, NODE_OPTIONS: options, PATH: `${tools}${delimiter}/usr/bin${delimiter}/bin` };
}
