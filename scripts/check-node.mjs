// Runs before the scripts that need the pinned Node.js and the packages of package-lock.json, and says what to do when
// one of them is missing. It is plain JavaScript because it must also run on an older Node.js, the one it warns about.
//
//     node scripts/check-node.mjs             check only
//     node scripts/check-node.mjs --install   install first when something is missing

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.exitCode = main(process.argv.includes('--install'));

function main(install) {
  const before = packageProblem();
  if (before !== undefined && install) {
    console.error(`${before} Installing them; this happens once.`);
    // Without a shell npm is a script of its own on Windows.
    const { status } = spawnSync('npm', ['ci'], { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
    if (status !== 0) return complain('npm ci failed; what it said is above.');
  }
  const missing = install ? packageProblem() : before;
  if (missing !== undefined) return complain(`${missing} Run: npm ci`);
  return complain(runtimeProblem());
}

/** Prints a problem, if there is one. Returns the exit status. */
function complain(problem) {
  if (problem === undefined) return 0;
  console.error(`\n${problem}\n`);
  return 1;
}

/** What is wrong with the installed packages. */
function packageProblem() {
  const wanted = readJson('package-lock.json');
  const installed = readJson('node_modules/.package-lock.json');
  if (installed === undefined) return 'The packages of Sluice are not installed.';
  const stale = Object.entries(wanted?.packages ?? {}).find(([path, { version, optional }]) => {
    return path !== '' && !optional && installed.packages[path]?.version !== version;
  });
  return stale === undefined
    ? undefined
    : `The installed packages are not those of package-lock.json (${stale[0]} is to be ${stale[1].version}).`;
}

/** What is wrong with the Node.js that the scripts of npm run. */
function runtimeProblem() {
  const pinned = readJson('package.json')?.devDependencies?.node;
  if (isAtLeast(process.versions.node, pinned)) return undefined;
  const problem = `Sluice needs Node.js ${pinned} or newer, and this is ${process.versions.node} (${process.execPath}).`;
  if (!['node', 'node.cmd'].some((name) => existsSync(join(root, 'node_modules', '.bin', name)))) {
    return `${problem} The package "node" brings it, but its install script did not run. Run: npm rebuild node`;
  }
  // npm puts the installed one first on the path of its scripts, so the script after this one will have it.
  if (process.env.npm_lifecycle_event !== undefined) return undefined;
  return `${problem} The right one is installed: start with npm run or npm test, or with npx node.`;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Compares versions such as 24.21.0 by their numbers. */
function isAtLeast(version, least) {
  const [left, right] = [version, least].map((text) => String(text).split('.').map(Number));
  const index = right.findIndex((part, place) => part !== left[place]);
  return index === -1 || left[index] > right[index];
}
