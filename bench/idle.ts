import { restForAnHour } from '../test/simulator/rest-for-an-hour.ts';

// An hour of virtual time with many Rollouts at rest: node bench/idle.ts [COUNT]. Exit status 1 when something is
// written in it.

const count = Number(process.argv[2] ?? '1000');
const { writes, passes, writesBefore, complaints } = await restForAnHour(count);
for (const complaint of complaints.slice(0, 5)) console.log(complaint);
console.log(
  `${count} Rollouts were updated by ${writesBefore} writes; in the hour after: ${writes} writes, ${passes} decisions`,
);
if (writes > 0 || complaints.length > 0) process.exitCode = 1;
