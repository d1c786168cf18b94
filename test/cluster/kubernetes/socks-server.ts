import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What the proxy does. */
export interface SocksServerOptions {
  /** Where every tunnel really leads, on the loopback. */
  readonly port: number;
  /** `name:password` that is asked for; nobody is asked without it. */
  readonly user?: string;
  /** Answer to requests that are not let through (RFC 1928, section 6). */
  readonly refusal?: number;
  /** Says nothing after the greeting. */
  readonly isSilent?: boolean;
}

/** A SOCKS5 proxy on the loopback (RFC 1928, RFC 1929) that writes down what it was asked for. */
export interface SocksServer {
  readonly port: number;
  /** `kind host:port` of each tunnel. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const [version, noMethod, byPassword] = [5, 0xff, 2];

/** Starts the proxy. */
export async function startSocksServer(options: SocksServerOptions): Promise<SocksServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, options, asked).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // A server that listens on a port has an address with one.
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(socket: Socket, options: SocksServerOptions, asked: string[]): Promise<void> {
  const read = reader(socket);
  const [, methodCount = 0] = await read(2);
  const methods = await read(methodCount);
  if (options.isSilent === true) return;
  const method = options.user === undefined ? 0 : byPassword;
  if (!methods.includes(method)) {
    socket.end(Buffer.from([version, noMethod]));
    return;
  }
  socket.write(Buffer.from([version, method]));
  if (options.user !== undefined && !(await isLetIn(socket, read, options.user))) return;
  asked.push(await readTarget(read));
  const { refusal = 0 } = options;
  const reply = Buffer.from([version, refusal, 0, 1, 0, 0, 0, 0, 0, 0]);
  if (refusal !== 0) {
    socket.end(reply);
    return;
  }
  const upstream = connect(options.port, '127.0.0.1');
  await once(upstream, 'connect');
  socket.write(reply);
  socket.pipe(upstream).pipe(socket);
  upstream.on('error', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
}

async function isLetIn(socket: Socket, read: Reader, user: string): Promise<boolean> {
  const [, nameLength = 0] = await read(2);
  const name = (await read(nameLength)).toString('utf8');
  const [passwordLength = 0] = await read(1);
  const isKnown = `${name}:${(await read(passwordLength)).toString('utf8')}` === user;
  socket.write(Buffer.from([1, isKnown ? 0 : 1]));
  if (!isKnown) socket.end();
  return isKnown;
}

async function readTarget(read: Reader): Promise<string> {
  const [, , , addressType = 0] = await read(4);
  const host = await readHost(read, addressType);
  return `${host}:${(await read(2)).readUInt16BE()}`;
}

async function readHost(read: Reader, addressType: number): Promise<string> {
  if (addressType === 1) return `address ${(await read(4)).join('.')}`;
  if (addressType === 4) return `address ${(await read(16)).toString('hex')}`;
  const [length = 0] = await read(1);
  return `name ${(await read(length)).toString('utf8')}`;
}

type Reader = (bytes: number) => Promise<Buffer>;

/** Hands out exactly as many bytes as asked for, and leaves the rest in the socket. */
function reader(socket: Socket): Reader {
  return async (bytes) => {
    if (bytes === 0) return Buffer.alloc(0);
    for (;;) {
      const chunk = socket.read(bytes) as Buffer | null;
      if (chunk !== null) return chunk;
      if (socket.readableEnded || socket.destroyed) throw new Error('the client has left');
      await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
    }
  };
}
