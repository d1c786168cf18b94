import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findProgram, parseImage, parseImageMap } from '../../../../src/cluster/embedded/runtime/image-map.ts';

test('references are taken apart as container tools read them', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['checkout', 'checkout', 'latest', ''],
    ['checkout:v2', 'checkout', 'v2', ''],
    ['docker.io/library/checkout:v2', 'checkout', 'v2', ''],
    ['registry:5000/team/app', 'registry:5000/team/app', 'latest', ''],
    ['registry:5000/team/app:1.2-rc.1', 'registry:5000/team/app', '1.2-rc.1', ''],
    ['app@sha256:abc', 'app', '', 'sha256:abc'],
    ['app:v1@sha256:abc', 'app', 'v1', 'sha256:abc'],
  ];
  for (const [image, repository, tag, digest] of cases) {
    assert.deepEqual(parseImage(image), { repository, tag, digest }, image);
  }
});

test('a new tag finds the program of its repository, and a whole reference wins over it', () => {
  const map = parseImageMap(
    `{"images": {
      "example.com/web": {"command": ["node", "web.js"], "args": ["--port", "80"], "workingDirectory": "apps/web"},
      "example.com/web:old": {"command": ["old"]},
      "docker.io/tool": {"command": ["tool"], "env": {"MODE": "fast"}}
    }}`,
    'images.json',
  );
  assert.deepEqual(findProgram(map, 'example.com/web:v7'), {
    command: ['node', 'web.js'],
    args: ['--port', '80'],
    workingDirectory: 'apps/web',
    env: {},
  });
  assert.deepEqual(findProgram(map, 'example.com/web:old')?.command, ['old']);
  assert.deepEqual(findProgram(map, 'tool@sha256:abc')?.env, { MODE: 'fast' });
  assert.equal(findProgram(map, 'example.com/website:v7'), undefined);
});

test('a map that cannot be used is refused with the field, the value and what would be right', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['images: [', /^images\.yaml:\d+: /],
    ['programs: {}', /images is nothing; it must be an object from images to programs/],
    ['images: { web: node }', /images\["web"\] is "node"; it must be an object with a command/],
    ['images: { web: { args: [x] } }', /images\["web"\]\.command is nothing; it must be a list of texts/],
    ['images: { web: { command: [] } }', /images\["web"\]\.command is \[\]; it must be a program/],
    ['images: { web: { command: [node, 1] } }', /images\["web"\]\.command is \["node",1\]; it must be a list of texts/],
    ['images: { web: { command: [x], env: { PORT: 80 } } }', /images\["web"\]\.env is \{"PORT":80\}; .* in quotes/],
    [
      'images: { web: { command: [x], workdir: here } }',
      /images\["web"\]\.workdir is "here"; it must be one of the fields/,
    ],
    [
      'images: { web: { command: [x], workingDirectory: 1 } }',
      /workingDirectory is 1; it must be the path of a folder/,
    ],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseImageMap(text, 'images.yaml'), { code: 'Invalid', message }, text);
  }
});
