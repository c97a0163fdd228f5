/** It filters packets, for which it has to run as root. */
const SOFTNET =
  'run: brew install cirruslabs/cli/softnet, then sudo chown root $(which softnet), then sudo chmod u+s $(which softnet)';
const FULL = /no space left|out of space/i;

/** Whether tart has found no room on its disk. */
export const isFull = (said: string): boolean => FULL.test(said);

/** What to do about a command of tart's that failed, by what it said; undefined where that tells nothing. */
export function hintOfTart(said: string, home: string): string | undefined {
  if (isFull(said)) return `make room, see df -h ${home}: tart prune --older-than 30`;
  if (/softnet/i.test(said)) return SOFTNET;
  if (/permission denied|operation not permitted|don’t have permission/i.test(said))
    return `make Tart's folder yours: ls -ld ${home}; or set TART_HOME to another one`;
  if (/missing some of its files/i.test(said))
    return `a VM of Tart's is damaged, remove it: tart list, then tart delete NAME`;
  return undefined;
}

/** What to do about an image that could not be pulled, by what tart said of it. */
export function hintOfPull(said: string, ref: string): string {
  const host = ref.split('/')[0] ?? ref;
  const status = /UnexpectedHTTPStatusCode\(.*code: (\d+)|\b(401|403|404|429|50\d)\b/.exec(said);
  const code = Number(status?.[1] ?? status?.[2]);
  if (code === 401 || code === 403) return `log in to the registry: tart login ${host}`;
  if (code === 404)
    return `there is no such image, or you may not see it: correct ${ref}, or tart login ${host}`;
  if (code === 429 || code >= 500) return `the registry is busy or down, try later: tart pull ${ref}`;
  if (/parse remote name/i.test(said))
    return `${ref} is no name of an image: ghcr.io/cirruslabs/ubuntu:latest is one`;
  if (/hostname|offline|timed out|connection|network/i.test(said))
    return `this host does not reach the registry: curl -sSI https://${host}/v2/`;
  return `try it by hand: tart pull ${ref}`;
}

/** What to do about a VM that tart did not run, by what it said. */
export function hintOfRun(said: string, guest: string, home: string): string {
  const itself = `see it for yourself: tart run ${guest}`;
  if (said.includes('VZErrorDomain Code=1 '))
    return `${itself}; over SSH the login keychain may be locked: security unlock-keychain`;
  return hintOfTart(said, home) ?? itself;
}

/** What to do where macOS runs no further VM; tart may have named those that run. */
export function hintOfLimit(said: string): string {
  const names = /other running VMs: ([^)\n]+)/.exec(said)?.[1]?.split(', ') ?? [];
  const ends = names.map((name) => `tart stop ${name}`).join(', or ');
  return ends === ''
    ? 'end another VM: tart list shows them, tart stop NAME ends one'
    : `end another VM: ${ends}`;
}

/** What to do about sizes that tart did not give a VM. */
export function hintOfSizes(
  said: string,
  {
    cpu,
    memoryMiB,
    diskGiB,
  }: { readonly cpu: number; readonly memoryMiB: number; readonly diskGiB?: number },
): string {
  if (/disk/i.test(said) && diskGiB !== undefined)
    return `disks only grow: leave diskGiB out, or give more than ${diskGiB}`;
  if (/memory/i.test(said)) return `give another memoryMiB than ${memoryMiB}: sysctl hw.memsize`;
  if (/cpu/i.test(said)) return `give another cpu than ${cpu}: sysctl hw.ncpu`;
  return `give other sizes than cpu: ${cpu}, memoryMiB: ${memoryMiB}, diskGiB: ${diskGiB ?? "the image's"}`;
}

/** What to do about a guest without an address. */
export function hintOfNoAddress(guest: string, hasEnded: boolean): string {
  return hasEnded
    ? `it does not run any more, see what was said last: npx vzvm logs ${guest}`
    : `it may still be booting: tart ip ${guest}; its console: npx vzvm logs ${guest}`;
}
