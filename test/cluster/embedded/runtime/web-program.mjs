// A small web server as a pod's program: says which image and process it is, and ends well when asked to.
import { createServer } from 'node:http';

const { SLUICE_POD_IP: host, SLUICE_IMAGE_TAG: tag, STOP_DELAY_MS: stopDelayMs = '0' } = process.env;
let isHealthy = true;
const server = createServer((request, response) => {
  if (request.url === '/unhealthy') isHealthy = false;
  if (request.url === '/crash') process.exit(3);
  if (request.url === '/health') response.statusCode = isHealthy ? 200 : 500;
  const delayMs = Number(/^\/slow\/(\d+)/.exec(request.url)?.[1] ?? 0);
  setTimeout(() => response.end(`${tag} ${process.pid}`), delayMs);
});
server.listen(8080, host);
process.on('SIGTERM', () => {
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, Number(stopDelayMs));
});
