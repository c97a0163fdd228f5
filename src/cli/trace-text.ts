import type { TracedFailure, TracedStep, TracedVm } from '../inspector/index.ts';
import { duration, harmless } from './text.ts';

/** What is shown of a console or a program's output. */
const MOST_LINES = 12;
const NAME_WIDTH = 13;

/** One VM of a trace, for people. */
export function linesOfVm(vm: TracedVm): string[] {
  const by = vm.accelerator === undefined ? vm.driver : `${vm.driver}, ${vm.accelerator}`;
  const lines = [
    `VM ${vm.name} (${by}) from ${vm.image}`,
    `  ${new Date(vm.startedAt).toISOString()}, ${duration(vm.ms)}, ${ENDS[vm.end]}`,
    ...vm.steps.filter(({ name }) => name !== 'failed').map((step) => stepLine(step, vm.failure)),
    ...(vm.failure ? failureLines(vm.failure) : []),
    ...vm.problems.map((problem) => `  left behind: ${problem}`),
    ...(vm.failure && vm.console.length > 0 ? quoted('the console said last', vm.console) : []),
  ];
  return lines.map(harmless);
}

const ENDS: Readonly<Record<TracedVm['end'], string>> = {
  ready: 'ready when the trace ends',
  failed: 'failed',
  disposed: 'disposed of',
  open: 'not ready when the trace ends',
};

function stepLine(step: TracedStep, failure: TracedFailure | undefined): string {
  const isFailed = failure?.step === step.name;
  const mark = isFailed ? '✗' : step.skipped ? '-' : step.isOpen ? '…' : '✓';
  const time = step.skipped ? 'skipped' : duration(step.ms);
  // Looks for a guest that is not there yet are no attempts that went wrong.
  const tries =
    step.attempts > 1 && (isFailed || step.name !== 'ssh-connect') ? ` (${step.attempts} attempts)` : '';
  const limit = isFailed && step.deadlineMs !== undefined ? ` of ${duration(step.deadlineMs)}` : '';
  return `  ${mark} ${step.name.padEnd(NAME_WIDTH)} ${time}${limit}${tries}`;
}

function failureLines({
  step,
  code,
  message,
  hint,
  lastError,
  exitCode,
  stderrTail,
}: TracedFailure): string[] {
  return [
    `  failed in ${step}: ${code}: ${message}`,
    ...(exitCode === undefined ? [] : [`  exit code ${exitCode}`]),
    ...(lastError === undefined ? [] : [`  the last attempt said: ${lastError}`]),
    ...(hint === undefined ? [] : [`  → ${hint}`]),
    ...(stderrTail ? quoted('it said last', stderrTail.split('\n')) : []),
  ];
}

const quoted = (what: string, lines: readonly string[]): string[] => [
  `  ${what}:`,
  ...lines.slice(-MOST_LINES).map((line) => `    | ${line}`),
];
