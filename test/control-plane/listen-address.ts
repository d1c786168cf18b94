/**
 * Where the real process behind a pod's address listens. The API refuses loopback addresses in endpoints, and a test
 * cannot add addresses to the machine, so the two differ in their first byte: 10.R.x.y is 127.R.x.y.
 */
export function listenAddress(podAddress: string): string {
  if (!/^10\.\d+\.\d+\.\d+$/.test(podAddress)) {
    throw new Error(`"${podAddress}" is not the address of a simulated pod, which looks like 10.128.0.2`);
  }
  return podAddress.replace('10.', '127.');
}
