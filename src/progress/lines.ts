import type { Ink } from './ink.ts';
import type { Progress, ProgressStep } from './types.ts';
import { duration } from './words.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const NAME_WIDTH = 13;
const TIME_WIDTH = 8;

const WORK: Readonly<Record<Progress['work'], string>> = {
  vm: 'VM',
  image: 'Image',
  template: 'Template, from VM',
};

/** What is being made, and from what. */
export function headLine({ subject, work, driver, accelerator, from }: Progress, ink: Ink): string {
  const by = accelerator === undefined ? driver : `${driver}, ${accelerator}`;
  return `${WORK[work]} ${ink.strong(subject)} (${by}) from ${from}`;
}

/** A step that is over. */
export function doneLine(step: ProgressStep, vm: string, ink: Ink): string {
  const mark =
    step.status === 'failed' ? ink.bad('✗') : step.status === 'skipped' ? ink.dim('-') : ink.good('✓');
  const time = step.status === 'skipped' ? ink.dim('skipped') : timeOf(step).trimStart();
  return `  ${mark} ${label(step, vm)} ${time}${triesOf(step)}`;
}

/** A step that takes its time, where lines do not change. */
export function startLine(step: ProgressStep, vm: string, ink: Ink): string {
  const usual = step.usualMs === undefined ? '' : `, usually ${duration(step.usualMs)}`;
  return ink.dim(`  … ${label(step, vm)} ${step.title}${usual}`);
}

/** A step that is slow, where lines do not change. */
export function plainLines(step: ProgressStep, vm: string, ink: Ink): string[] {
  const { slow } = step;
  if (!slow) return [];
  const parts = [slow.message, `waits for ${slow.waitsFor}`, ...givesUp(step), ...lastErrorOf(step)];
  return [ink.warn(`  … ${label(step, vm)} ${parts.join('; ')}`), ink.dim(`    → ${slow.whatToDo}`)];
}

/** A step under way, where lines change. */
export function liveLines(
  step: ProgressStep,
  vm: string,
  { ink, frame }: { readonly ink: Ink; readonly frame: number },
): string[] {
  const spinner = ink.good(FRAMES[frame % FRAMES.length] ?? '');
  const { slow, usualMs } = step;
  const usual = usualMs === undefined ? '' : `usually ${duration(usualMs)}`;
  const note = slow ? ink.warn(slow.message.replace(/: .*?, /, ', ')) : ink.dim(usual);
  const first = `  ${spinner} ${label(step, vm)} ${timeOf(step)}${triesOf(step)} ${note}`.trimEnd();
  if (!slow) return [first];
  const why = [`waits for ${slow.waitsFor}`, ...givesUp(step), ...lastErrorOf(step)].join('; ');
  return [first, ink.dim(`    ${why}`), ink.dim(`    → ${slow.whatToDo}`)];
}

const label = ({ name }: ProgressStep, vm: string): string =>
  `${vm === '' ? '' : `${vm} `}${name.padEnd(NAME_WIDTH)}`;

const timeOf = ({ ms }: ProgressStep): string => duration(ms).padStart(TIME_WIDTH);

/** Looks for a guest that is not there yet are no attempts that went wrong. */
const triesOf = ({ attempts, name }: ProgressStep): string =>
  attempts > 1 && name !== 'ssh-connect' ? ` (${attempts} attempts)` : '';

const givesUp = ({ deadlineMs }: ProgressStep): string[] =>
  deadlineMs === undefined ? [] : [`given up after ${duration(deadlineMs)}`];

const lastErrorOf = ({ slow }: ProgressStep): string[] =>
  slow?.lastError === undefined ? [] : [`it was said last: ${slow.lastError.split('\n')[0] ?? ''}`];
