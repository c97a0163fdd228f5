/** Something that ends by signals. `listens`: the program has a listener of its own. Ending takes until standard input ends. */
import { once } from 'node:events';
import { endOnSignals } from '../../src/substrate/signals.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
if (process.argv[2] === 'listens') process.once('SIGINT', () => say('the program decides'));
endOnSignals(async () => {
  say('ending');
  await once(process.stdin.resume(), 'end');
  say('ended');
});
endOnSignals(() => Promise.reject(new Error('one that fails holds up nobody')));
endOnSignals(() => Promise.reject(new Error('never asked')))();
setInterval(() => undefined, 60_000);
say('ready');
