// One fleet in a process of its own, so that no measurement finds the heap of another. Prints one line of JSON.
import { takeAllocation, takeSample } from './sample.ts';
import { finish, KINDS, prepare } from './vms.ts';

const [kind, vms, traceFile, what, warmUp] = process.argv.slice(2);
const known = KINDS.find((each) => each === kind);
if (!known || !Number(vms) || traceFile === undefined)
  throw new Error(`usage: child.ts ${KINDS.join('|')} VMS FILE sample|allocation [WARM-UP]`);
prepare(known, traceFile);
const take = what === 'allocation' ? takeAllocation : takeSample;
const taken = await take(known, Number(vms), warmUp === undefined ? undefined : Number(warmUp));
await finish();
console.log(JSON.stringify(taken));
