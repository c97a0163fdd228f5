import type { VmSession } from './session.ts';

/** A harness's environment, with the span that it belongs to unless its user names another. */
export function harnessEnv(
  { spans }: Pick<VmSession, 'spans'>,
  envs: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return spans?.vmTraceparent === undefined ? envs : { TRACEPARENT: spans.vmTraceparent, ...envs };
}
