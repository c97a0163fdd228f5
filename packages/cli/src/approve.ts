import { Readable } from 'node:stream';
import { type ComputerAgentOptions, ttyApproval } from '@computeragent/sdk';
import { type Flags, oneOf } from './flags.ts';
import type { Io } from './io.ts';
import type { Place } from './place.ts';

type OnToolCall = Pick<ComputerAgentOptions, 'onToolCall'>;

/** Who decides over tool calls. Only a VM contains what nobody has looked at. */
export function approvalOf({ approve }: Flags, place: Place, io: Io): OnToolCall {
  const how = oneOf('approve', approve ?? (place.kind === 'vzvm' ? 'allow' : 'ask'), [
    'ask',
    'allow',
    'deny',
  ]);
  // What the agent's identity leaves to a person, the SDK denies by itself.
  if (how === 'allow') return {};
  if (how === 'deny') return { onToolCall: () => ({ decision: 'deny', reason: 'denied by --approve deny' }) };
  return { onToolCall: asking(io) };
}

function asking({ stdin, terminal, log }: Io): NonNullable<OnToolCall['onToolCall']> {
  const isThere = stdin.isTTY === true;
  // Where nobody sits, nobody answers: what would be asked is denied.
  const options = {
    stdin: isThere ? (stdin as Readable) : Readable.from([]),
    stdout: terminal as NodeJS.WriteStream,
  };
  const always = ttyApproval({ ...options, riskGate: 'none' });
  const risky = ttyApproval({ ...options, riskGate: 'medium' });
  return async (call) => {
    const decision = await (call.requiresHuman === true ? always : risky)(call);
    if (!isThere && decision.decision === 'deny')
      log(`denied ${call.toolName}: there is no terminal to ask on; see --approve`);
    return decision;
  };
}
