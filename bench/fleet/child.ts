// One fleet in a process of its own, so that no measurement finds the heap of another. Prints one line of JSON.
import { takeSample } from './sample.ts';
import { KINDS } from './vms.ts';

const [kind, vms, warmUp] = process.argv.slice(2);
const known = KINDS.find((each) => each === kind);
if (!known || !Number(vms)) throw new Error(`usage: child.ts ${KINDS.join('|')} VMS`);
const sample = await takeSample(known, Number(vms), warmUp === undefined ? undefined : Number(warmUp));
console.log(JSON.stringify(sample));
