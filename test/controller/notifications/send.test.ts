import assert from 'node:assert/strict';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { createHttpClient } from '../../../src/controller/http-client.ts';
import { createHttpPolicy, type HttpPolicy } from '../../../src/controller/http-policy.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import { sendDispatch, type SendPlace } from '../../../src/controller/notifications/send-dispatch.ts';
import { createMailPort } from '../../../src/controller/notifications/send-mail.ts';
import { ThreadMemory } from '../../../src/controller/notifications/thread-memory.ts';
import type { AnyNotificationService, Mail } from '../../../src/providers/notifications/contract.ts';
import { slack } from '../../../src/providers/notifications/slack.ts';
import { webhook } from '../../../src/providers/notifications/webhook.ts';

const { signal } = new AbortController();

describe('a dispatch over HTTP', () => {
  test('reaches a server, and tells when it wants to be asked again', async () => {
    const bodies: string[] = [];
    const answers = [
      { status: 429, headers: { 'retry-after': '7' }, body: '' },
      { status: 200, headers: {}, body: '{"ok":true}' },
    ];
    const server = createHttpServer((request, response) => {
      void readAll(request).then((body) => {
        bodies.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
        const { status, headers, body: text } = answers[bodies.length - 1] ?? { status: 500, headers: {}, body: '' };
        response.writeHead(status, headers).end(text);
      });
    });
    const port = await listen(server);
    const http = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
    try {
      const config = slack.parse({ token: 'xoxb-1', apiURL: `http://127.0.0.1:${port}/api` });
      assert.ok(config.ok);
      const occasion = { destination: { service: 'slack', recipient: 'c' }, id: 'i', nowMs: 0 };
      const dispatch = slack.compose(config.value, { message: 'hello', parts: {} }, occasion);
      assert.ok(dispatch.ok);
      const send = () =>
        sendDispatch(dispatch.value, placeOf(slack), { http, mail: createMailPort(systemClock) }, signal);
      const refused = await send();
      assert.ok(refused.kind === 'failed' && !refused.isFinal);
      assert.equal(refused.retryAfterMs, 7000);
      assert.deepEqual(await send(), { kind: 'sent' });
      assert.equal(bodies[1], 'POST /api/chat.postMessage Bearer xoxb-1 {"channel":"c","text":"hello"}');
    } finally {
      http.close();
      server.closeAllConnections();
      server.close();
    }
  });

  test('has a body whatever its method is', async () => {
    const seen: string[] = [];
    const server = createHttpServer((request, response) => {
      void readAll(request).then((body) => {
        seen.push(`${request.method} ${body}`);
        response.end();
      });
    });
    const port = await listen(server);
    const http = createHttpClient(systemClock, { policy: createHttpPolicy({ loopback: 'allow' }) });
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
    try {
      const config = webhook.parse({ url: `http://127.0.0.1:${port}/` });
      assert.ok(config.ok);
      for (const method of methods) {
        const occasion = { destination: { service: 'hook', recipient: '' }, id: 'i', nowMs: 0 };
        const parts = { webhook: { hook: { method, body: 'ü' } } };
        const dispatch = webhook.compose(config.value, { message: '', parts }, occasion);
        assert.ok(dispatch.ok);
        const ports = { http, mail: createMailPort(systemClock) };
        assert.deepEqual(await sendDispatch(dispatch.value, placeOf(webhook), ports, signal), { kind: 'sent' });
      }
      assert.deepEqual(
        seen,
        methods.map((method) => `${method} ü`),
      );
    } finally {
      http.close();
      server.closeAllConnections();
      server.close();
    }
  });

  test('shows nothing of where it was sent when it fails', async () => {
    const url = 'http://hooks.example/services/canary-secret?key=canary-secret';
    for (const code of ['Timeout', 'Forbidden', 'MetricUnreachable', 'TooLarge', 'Invalid'] as const) {
      const http: HttpPort = {
        send: ({ id }) => Promise.resolve({ kind: 'failure', id, code, message: `${url} did not answer` }),
      };
      const request = { id: 'x', url, headers: {}, timeoutMs: 1000, bodyBytesMax: 1000 };
      const mail = createMailPort(systemClock);
      const outcome = await sendDispatch({ kind: 'http', request }, placeOf(slack), { http, mail }, signal);
      assert.ok(outcome.kind === 'failed' && !outcome.message.includes('canary'), JSON.stringify(outcome));
      assert.equal(outcome.isFinal, ['Forbidden', 'TooLarge', 'Invalid'].includes(code));
    }
  });
});

/** Nobody is at home at the other side, but for what it answers. */
function slackStage(answers: readonly string[]) {
  const sent: string[] = [];
  const http: HttpPort = {
    send({ id, url, body = '' }) {
      const { channel, ts, thread_ts: thread, reply_broadcast: broadcast, text } = JSON.parse(body) as Texts;
      const shown = [channel, thread, ts, broadcast === undefined ? undefined : 'to all', text];
      const words = shown.filter((part) => part !== undefined);
      sent.push(`${new URL(url).pathname.split('/').at(-1)} ${words.join(' ')}`);
      const answer = answers[sent.length - 1] ?? `{"ok":true,"channel":"C1","ts":"${sent.length}.0"}`;
      return Promise.resolve({ kind: 'answer', id, status: 200, contentType: '', body: answer });
    },
  };
  const place = placeOf(slack);
  const config = slack.parse({ token: 'xoxb-1' });
  assert.ok(config.ok);
  const compose = (message: string, part: object) => {
    const occasion = { destination: { service: 'slack', recipient: 'releases' }, id: 'i', nowMs: 0 };
    const dispatch = slack.compose(config.value, { message, parts: { slack: part as Json } }, occasion);
    assert.ok(dispatch.ok, JSON.stringify(dispatch));
    return () => sendDispatch(dispatch.value, place, { http, mail: createMailPort(systemClock) }, signal);
  };
  return { sent, compose };
}

interface Texts {
  readonly [field: string]: string | undefined;
}

// https://docs.slack.dev/reference/methods/chat.postMessage: thread_ts, reply_broadcast, "Response": channel, ts;
// https://docs.slack.dev/reference/methods/chat.update: channel, ts, "Errors".
describe('messages with a grouping key', () => {
  const key = { groupingKey: 'update 2' };

  test('are one thread, and others are none', async () => {
    const { sent, compose } = slackStage([]);
    for (const part of [key, key, { ...key, notifyBroadcast: true }, {}, { groupingKey: 'update 3' }]) {
      assert.deepEqual(await compose('hello', part)(), { kind: 'sent' });
    }
    assert.deepEqual(sent, [
      'chat.postMessage releases hello',
      'chat.postMessage C1 1.0 hello',
      'chat.postMessage C1 1.0 to all hello',
      'chat.postMessage releases hello',
      'chat.postMessage releases hello',
    ]);
  });

  test('replace the first one, or answer it too, as the delivery policy says', async () => {
    const { sent, compose } = slackStage([]);
    for (const [text, deliveryPolicy] of [
      ['begun', 'Update'],
      ['half', 'Update'],
      ['done', 'PostAndUpdate'],
    ] as const) {
      assert.deepEqual(await compose(text, { ...key, deliveryPolicy })(), { kind: 'sent' });
    }
    assert.deepEqual(sent, [
      'chat.postMessage releases begun',
      'chat.update C1 1.0 half',
      'chat.postMessage C1 1.0 done',
      'chat.update C1 1.0 done',
    ]);
  });

  test('are sent once each, whichever of two requests fails', async () => {
    const limited = '{"ok":false,"error":"ratelimited"}';
    const good = '{"ok":true,"channel":"C1","ts":"1.0"}';
    const { sent, compose } = slackStage([good, good, limited, good]);
    await compose('begun', key)();
    const send = compose('done', { ...key, deliveryPolicy: 'PostAndUpdate' });
    const first = await send();
    assert.ok(first.kind === 'failed' && !first.isFinal);
    assert.deepEqual(await send(), { kind: 'sent' });
    assert.deepEqual(sent.slice(1), [
      'chat.postMessage C1 1.0 done',
      'chat.update C1 1.0 done',
      'chat.update C1 1.0 done',
    ]);
  });

  test('begin a new thread when somebody deleted the first message', async () => {
    const { sent, compose } = slackStage([
      '{"ok":true,"channel":"C1","ts":"1.0"}',
      '{"ok":false,"error":"message_not_found"}',
    ]);
    await compose('begun', key)();
    const send = compose('done', { ...key, deliveryPolicy: 'Update' });
    const refused = await send();
    assert.ok(refused.kind === 'failed' && !refused.isFinal);
    assert.deepEqual(await send(), { kind: 'sent' });
    assert.deepEqual(sent.slice(1), ['chat.update C1 1.0 done', 'chat.postMessage releases done']);
  });
});

describe('a letter', () => {
  const letter = {
    host: '127.0.0.1',
    insecure: false,
    from: 'Sluice <sluice@example.com>',
    to: 'team@example.com',
    subject: 'Rollout ü completed',
    body: 'first line\n.second line',
    isHtml: false,
    id: 'abc',
  };

  test('is handed to a mail server', async () => {
    const server = new MailServer();
    const port = await server.start();
    try {
      const login = { username: 'user', password: 'pass' };
      assert.deepEqual(await createMailPort(systemClock).send({ ...letter, port, login }, signal), { kind: 'sent' });
      assert.deepEqual(server.commands.slice(1, 4), [
        `AUTH PLAIN ${Buffer.from('\0user\0pass').toString('base64')}`,
        'MAIL FROM:<sluice@example.com>',
        'RCPT TO:<team@example.com>',
      ]);
      const text = server.letters.join('');
      for (const line of [
        'From: Sluice <sluice@example.com>',
        'To: team@example.com',
        'Subject: =?UTF-8?Q?Rollout_=C3=BC_completed?=',
        'Message-ID: <abc@sluice>',
        '..second line',
      ]) {
        assert.ok(text.includes(line), `${line}\n${text}`);
      }
    } finally {
      server.stop();
    }
  });

  test('is tried again after a passing refusal, and given up after one for good', async () => {
    for (const [reply, isFinal] of [
      ['451 try later canary-secret', false],
      ['550 no such user canary-secret', true],
    ] as const) {
      const server = new MailServer({ 'RCPT TO': reply });
      const port = await server.start();
      const mail: Mail = { ...letter, port };
      const outcome = await createMailPort(systemClock).send(mail, signal);
      server.stop();
      assert.ok(outcome.kind === 'failed');
      assert.equal(outcome.isFinal, isFinal);
      assert.ok(!outcome.message.includes('canary'), outcome.message);
    }
  });

  test('goes to the address that was looked at, and only where the policy lets it', async () => {
    const server = new MailServer();
    const port = await server.start();
    const policy = createHttpPolicy({ loopback: 'deny', hosts: ['mail.example', 'inside.example'] });
    const addresses: Readonly<Record<string, string>> = {
      'mail.example': '127.0.0.1',
      'inside.example': '169.254.169.254',
      'other.example': '127.0.0.1',
    };
    const resolve = (host: string) => Promise.resolve([{ address: addresses[host] ?? '' }]);
    const send = (host: string, where: HttpPolicy) =>
      createMailPort(systemClock, where, resolve).send({ ...letter, host, port }, signal);
    try {
      const open = createHttpPolicy({ loopback: 'allow', hosts: ['mail.example', 'inside.example'] });
      assert.deepEqual(await send('mail.example', open), { kind: 'sent' });
      for (const [host, where] of [
        ['mail.example', policy],
        ['inside.example', open],
        ['other.example', open],
        ['127.0.0.1', open],
      ] as const) {
        const outcome = await send(host, where);
        assert.ok(outcome.kind === 'failed' && outcome.isFinal, host);
        assert.match(outcome.message, /the mail server may not be asked/);
      }
      assert.equal(server.letters.join('').match(/^Subject:/gm)?.length, 1);
    } finally {
      server.stop();
    }
  });

  test('is tried again when nobody listens', async () => {
    const server = new MailServer();
    const port = await server.start();
    server.stop();
    const outcome = await createMailPort(systemClock).send({ ...letter, port }, signal);
    assert.ok(outcome.kind === 'failed' && !outcome.isFinal, JSON.stringify(outcome));
  });
});

/** As much of a mail server as a client needs (RFC 5321). */
class MailServer {
  readonly commands: string[] = [];
  readonly letters: string[] = [];
  readonly #replies: Readonly<Record<string, string>>;
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  constructor(replies: Readonly<Record<string, string>> = {}) {
    this.#replies = replies;
  }

  start(): Promise<number> {
    return listen(this.#server);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write('220 mail.example\r\n');
    let isLetter = false;
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = `${rest}${chunk.toString()}`.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (isLetter) {
          isLetter = line !== '.';
          this.letters.push(`${line}\r\n`);
          if (!isLetter) socket.write('250 taken\r\n');
          continue;
        }
        this.commands.push(line);
        isLetter = line === 'DATA';
        socket.write(`${this.#reply(line)}\r\n`);
      }
    });
  }

  #reply(line: string): string {
    const own = Object.entries(this.#replies).find(([command]) => line.startsWith(command))?.[1];
    if (own !== undefined) return own;
    if (line.startsWith('EHLO')) return '250-mail.example\r\n250 AUTH PLAIN';
    if (line.startsWith('AUTH')) return '235 welcome';
    if (line === 'DATA') return '354 go on';
    return line === 'QUIT' ? '221 bye' : '250 ok';
  }
}

function placeOf(service: AnyNotificationService): SendPlace {
  return { service, lane: 'lane', threads: new ThreadMemory() };
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
