import {
  type ConformanceOptions,
  type ConformanceReport,
  type ConformanceResult,
  httpTarget,
  runConformanceSuite,
} from '@computeragent/protocol/conformance';
import { atHarness } from './at-harness.ts';
import { environmentOf } from './environment.ts';
import { type Flags, oneOf } from './flags.ts';
import { EXIT, type Io, UsageError } from './io.ts';
import { placeOf } from './place.ts';

const SIGNS = { passed: '✓', failed: '✗', skipped: '-' } as const;

/** Holds a server to the protocol, and says what it does otherwise. */
export async function conformance(words: readonly string[], flags: Flags, io: Io): Promise<number> {
  const [url, ...more] = words;
  if (more.length > 0) throw new UsageError('conformance takes one URL');
  const options = optionsOf(flags, io);
  const place = await placeOf(flags, io, url);
  return atHarness(place, { envs: {}, signal: io.signal }, async (base) => {
    const onResult = flags.json ? undefined : (result: ConformanceResult) => io.out(lineOf(result));
    const report = await runConformanceSuite(httpTarget(base), { ...options, onResult });
    io.out(flags.json ? `${JSON.stringify(asJson(report))}\n` : summaryOf(report));
    return report.failed.length === 0 ? EXIT.done : EXIT.failed;
  });
}

function optionsOf(flags: Flags, io: Io): ConformanceOptions {
  const { harness: engine, loader, turn, 'permission-turn': permissionTurn, 'base-url': baseUrl } = flags;
  const level = oneOf('level', flags.level ?? 'strict', ['protocol', 'strict']);
  // Keys are for turns only: no other check has the engine ask a model.
  const isTurn = turn !== undefined || permissionTurn !== undefined;
  const base = baseUrl === undefined ? {} : { ANTHROPIC_BASE_URL: baseUrl };
  const envs = isTurn ? { ...base, ...environmentOf(flags, io) } : undefined;
  return { engine, loader, level, turn, permissionTurn, envs, signal: io.signal };
}

function lineOf({ outcome, group, name, error }: ConformanceResult): string {
  const reason = error ? `\n    ${error.message}` : '';
  return `${SIGNS[outcome]} ${group}: ${name}${reason}\n`;
}

function summaryOf({ passed, failed, skipped }: ConformanceReport): string {
  const left =
    skipped.length === 0
      ? ''
      : `, ${skipped.length} left out (for want of --turn or --permission-turn, of a promise, or because of a token)`;
  return `${passed.length} passed, ${failed.length} failed${left}\n`;
}

function asJson({ passed, failed, skipped }: ConformanceReport): object {
  const plain = (results: readonly ConformanceResult[]): object[] =>
    results.map(({ group, name, error }) => ({ group, name, ...(error ? { error: error.message } : {}) }));
  return { ok: failed.length === 0, passed: plain(passed), failed: plain(failed), skipped: plain(skipped) };
}
