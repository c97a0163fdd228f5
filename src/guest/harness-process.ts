import { nodePathLine, nodeTrustLine, quote, script } from './shell.ts';

const PID_FILE = 'harness.pid';
const LOG_FILE = 'harness.log';
const LOG_TAIL_BYTES = 8192;
/** How long a harness may take to end by itself. */
const GRACE_MS = 3_000;

/** Where the harness is. */
export interface HarnessPlace {
  readonly directory: string;
  /** Its log; `harness.log` in the directory when undefined. */
  readonly logFile?: string | undefined;
}

/** How the harness is started. */
export interface SpawnOptions extends HarnessPlace {
  /** Node to run it with; the one on the path when undefined. */
  readonly nodePath?: string | undefined;
  readonly caFile?: string | undefined;
}

/** `alive`: true while the recorded process is the harness; a zombie, or another process with its number, is not. */
const ALIVE = `alive() { [ -n "$pid" ] && grep -q harness.mjs "/proc/$pid/cmdline" 2>/dev/null; }`;

/**
 * `stop_harness`: asks, waits, then ends it and all that it started (it leads a process group of its own).
 * Only where the harness was seen alive: a number left in a file may by now be another's.
 */
function stopFunction(graceMs = GRACE_MS): string {
  const tenths = Math.ceil(graceMs / 100);
  return `stop_harness() {
  if alive; then
    kill -TERM "$pid" 2>/dev/null || true
    i=0
    while alive && [ $i -lt ${tenths} ]; do i=$((i + 1)); sleep 0.1; done
    kill -s KILL -- "-$pid" 2>/dev/null || true
    while alive && [ $i -lt ${tenths + 20} ]; do i=$((i + 1)); sleep 0.1; done
  fi
}`;
}

function harnessLines({ directory }: HarnessPlace): string[] {
  return [`cd ${quote(directory)}`, `pid=$(cat ${PID_FILE} 2>/dev/null || true)`, ALIVE];
}

function logOf({ directory, logFile }: HarnessPlace): string {
  return quote(logFile ?? `${directory}/${LOG_FILE}`);
}

/**
 * Starts the harness, ending an earlier one first. Its configuration is the one line of standard input. The line passes
 * through built-ins of the shell and a pipe alone: it is in no command line, environment or file.
 */
export function spawnCommand(options: SpawnOptions): string {
  const start = `echo $$ > ${PID_FILE}; exec ${quote(options.nodePath ?? 'node')} harness.mjs --config-stdin`;
  const log = logOf(options);
  return script(
    'umask 077',
    ...harnessLines(options),
    stopFunction(),
    'IFS= read -r config',
    `case $(command -v printf) in */*) echo 'the shell of the guest has no printf of its own' >&2; exit 1 ;; esac`,
    'command -v setsid >/dev/null 2>&1 || { echo "setsid: not found" >&2; exit 127; }',
    nodePathLine(options.directory),
    nodeTrustLine(options.caFile),
    compileCacheLine(options.directory),
    `command -v ${quote(options.nodePath ?? 'node')} >/dev/null || { echo "node: not found" >&2; exit 127; }`,
    'stop_harness',
    `rm -f ${PID_FILE} ${log}`,
    // setsid -f forks before setsid(2), and nothing of ours stays open in the child: so the channel can close.
    `printf '%s\\n' "$config" | setsid -f sh -c ${quote(start)} > ${log} 2>&1`,
    'i=0',
    `until [ -s ${PID_FILE} ]; do`,
    `  i=$((i + 1)); if [ $i -gt 100 ]; then echo 'the harness did not start' >&2; cat ${log} >&2; exit 1; fi`,
    '  sleep 0.1',
    'done',
    `cat ${PID_FILE}`,
  );
}

/** Written when a harness ends, read when one starts: an image in which it ran once starts it sooner. */
function compileCacheLine(directory: string): string {
  return `NODE_COMPILE_CACHE=${quote(`${directory}/.compile-cache`)}; export NODE_COMPILE_CACHE`;
}

/** Has Node compile the harness, for all that will start from this disk. A harness that knows of no such thing is left alone. */
export function warmUpCommand(options: SpawnOptions): string {
  return script(
    `cd ${quote(options.directory)}`,
    'grep -q -e --warm-up harness.mjs || exit 0',
    nodePathLine(options.directory),
    compileCacheLine(options.directory),
    `exec ${quote(options.nodePath ?? 'node')} harness.mjs --warm-up < /dev/null`,
  );
}

/** Ends the harness and all that it started: politely, then after `graceMs` (3 s) by force. Succeeds when none runs. */
export function stopCommand(place: HarnessPlace & { readonly graceMs?: number }): string {
  const lives = `if alive; then echo 'the harness cannot be ended' >&2; exit 1; fi`;
  return script(
    ...harnessLines(place),
    stopFunction(place.graceMs),
    'stop_harness',
    lives,
    `rm -f ${PID_FILE}`,
  );
}

/** Exits with 0 while the harness lives, else with 1. */
export function isAliveCommand(place: HarnessPlace): string {
  return script(...harnessLines(place), 'if alive; then exit 0; else exit 1; fi');
}

/** Prints the end of the harness's log, and with `follow` what is added to it. */
export function logCommand(
  place: HarnessPlace & { readonly lines: number; readonly follow: boolean },
): string {
  return `exec tail -n ${place.lines} ${place.follow ? '-F' : ''} ${logOf(place)} 2>/dev/null`;
}

/** Lasts as long as the harness, then prints the end of its log. */
export function watchCommand(place: HarnessPlace): string {
  return script(
    ...harnessLines(place),
    'while alive; do',
    // One process that waits, instead of a new one each second; where tail cannot, a sleep does.
    '  timeout 20 tail --pid="$pid" -s 0.5 -f /dev/null 2>/dev/null || sleep 0.5',
    'done',
    `tail -c ${LOG_TAIL_BYTES} ${logOf(place)} 2>/dev/null || true`,
  );
}

/** Prints the end of the harness's log; nothing when there is none. */
export function logTailCommand(place: HarnessPlace): string {
  return script(`tail -c ${LOG_TAIL_BYTES} ${logOf(place)} 2>/dev/null || true`);
}
