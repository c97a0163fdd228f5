import { setTimeout as sleep } from 'node:timers/promises';

/** Looks at once that many times: nothing in these tests takes long but what a real guest does. */
const QUICK_LOOKS = 400;
const LOOK_MS = 5;
/** Looks so often in any case: a machine that stood still until the time was over has not done anything in it. */
const SLOW_LOOKS = 200;

/** Resolves when something is so, or when the time is over: whoever asked then looks what is. */
export async function until(isSo: () => boolean | Promise<boolean>, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  const looks = QUICK_LOOKS + Math.min(patienceMs / LOOK_MS, SLOW_LOOKS);
  for (let look = 0; !(await isSo()) && (look < looks || Date.now() < deadline); look += 1) {
    if (look < QUICK_LOOKS) await new Promise<void>((resolve) => void setImmediate(resolve));
    else await sleep(LOOK_MS);
  }
}
