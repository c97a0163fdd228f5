import type { Finding } from '../drivers/driver.ts';
import { messageOf, VzvmError } from '../errors.ts';
import { askHttp } from './ask-http.ts';
import { type HostPlaces, readHostNpm } from './host-npm.ts';
import { registryAgent } from './registry-agent.ts';

const SUBJECT = 'npm registry';
/** A package that every registry has, and that guests may need. */
const ASKED_FOR = 'npm';
const TIMEOUT_MS = 10_000;

/** Whether the registry that guests are given answers this host. @throws VzvmError ABORTED. */
export async function checkRegistry(
  signal: AbortSignal,
  places?: HostPlaces,
  timeoutMs = TIMEOUT_MS,
): Promise<Finding> {
  try {
    const { registry, token, caPem } = await readHostNpm(signal, places);
    const { status } = await askHttp(new URL(ASKED_FOR, registry), {
      method: 'HEAD',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal,
      timeoutMs,
      agent: registryAgent(caPem),
    });
    return answered(registry, status);
  } catch (error) {
    if (signal.aborted)
      throw new VzvmError('ABORTED', 'asking the npm registry was cancelled', { cause: error });
    const fix = error instanceof VzvmError ? error.hint : undefined;
    return problem(`it cannot be read: ${messageOf(error)}`, fix ?? 'npm ping');
  }
}

function answered(registry: string, status: number): Finding {
  if (status < 400) return { level: 'ok', subject: SUBJECT, message: `${registry} answers` };
  if (status === 401 || status === 403)
    return problem(`${registry} answers ${status}: it wants a login`, `npm login --registry ${registry}`);
  return problem(`${registry} answers ${status}`, 'npm ping');
}

/** A warning: VMs from a prepared image need no registry. */
function problem(message: string, fix: string): Finding {
  return { level: 'warning', subject: SUBJECT, message, fix };
}
