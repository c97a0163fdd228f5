// Shows the progress of a scripted VM on standard error under a simulated clock, and ends without having ended it.
import { SimulatedClock } from 'xstate';
import { createTerminalProgress, ProgressTracker } from '../../src/progress/index.ts';

const clock = new SimulatedClock();
const view = createTerminalProgress({ clock });
const tracker = new ProgressTracker({
  about: { subject: 'ca-1-x', work: 'vm', driver: 'qemu', accelerator: 'tcg', from: 'debian:12' },
  vm: 'ca-1-x',
  facts: (step) => (step === 'ssh-connect' ? { usualMs: 12_000, deadlineMs: 180_000 } : {}),
  onProgress: view.update,
  clock,
});
/** In small steps: this clock is late for what it has jumped over. */
const pass = (ms: number) => {
  for (let passed = 0; passed < ms; passed += 500) clock.increment(500);
};
const begin = (step: string) => tracker.step({ type: 'step', step, phase: 'start' });

begin('cloning');
pass(1_500);
begin('ssh-connect');
tracker.step({
  type: 'step',
  step: 'ssh-connect',
  phase: 'retry',
  attempt: 2,
  lastError:
    'the guest said \u001b[2J\u001b]0;title\u0007 something that is far too long for a narrow window',
});
pass(40_000);
view.say('a line of the program');
view.log('image abc: sealing');
view.log('the base image is downloaded');
if (process.argv.includes('--stop')) process.exit();
pass(20_000);
begin('upload');
tracker.step({ type: 'step', step: 'upload', phase: 'skipped' });
begin('healthy');
tracker.ready();
pass(60_000);
// Timers of the real clock, of a step that is never over, keep no process alive.
const real = new ProgressTracker({
  about: { subject: 'ca-2-y', work: 'vm', driver: 'fake', from: 'fake' },
  facts: () => ({ slowAfterMs: 3_600_000 }),
  onProgress: createTerminalProgress({ verbose: true }).update,
});
real.step({ type: 'step', step: 'cloning' });
