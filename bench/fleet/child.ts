// One fleet in a process of its own, so that no measurement finds the heap of another. Prints one line of JSON.
import { takeSample } from './sample.ts';

const [kind, vms, warmUp] = process.argv.slice(2);
if ((kind !== 'chart' && kind !== 'runtime') || !Number(vms))
  throw new Error('usage: child.ts chart|runtime VMS');
const sample = await takeSample(kind, Number(vms), warmUp === undefined ? undefined : Number(warmUp));
console.log(JSON.stringify(sample));
