import { describe, expect, it } from 'vitest';
import {
  hintOfLimit,
  hintOfNoAddress,
  hintOfPull,
  hintOfRun,
  hintOfSizes,
  hintOfTart,
} from '../../../src/drivers/tart/hints.ts';

const GUEST = 'ca-4711-0123456789ab';
const HOME = '/Users/me/.tart';
const REF = 'ghcr.io/me/ubuntu:1';

describe('the hint of a command of tart that failed', () => {
  it.each([
    ['write: No space left on device', `df -h ${HOME}`],
    ['because the volume is out of space.', 'tart prune --older-than 30'],
    ['softnet not found in PATH', 'chmod u+s'],
    ['Operation not permitted', `ls -ld ${HOME}`],
    ['VM is missing some of its files (config.json)', 'tart delete'],
  ])('"%s" says %s', (said, part) => {
    expect(hintOfTart(said, HOME)).toContain(part);
  });

  it('is none where it said nothing of the kind', () => {
    expect(hintOfTart('a bad day', HOME)).toBeUndefined();
  });
});

describe('the hint of a pull that failed', () => {
  it.each([
    ['UnexpectedHTTPStatusCode(when: "pulling manifest", code: 401, details: "")', 'tart login ghcr.io'],
    ['UnexpectedHTTPStatusCode(when: "pulling manifest", code: 404, details: "")', `correct ${REF}`],
    ['UnexpectedHTTPStatusCode(when: "pulling manifest", code: 503, details: "")', `later: tart pull ${REF}`],
    ['A server with the specified hostname could not be found.', 'curl -sSI https://ghcr.io/v2/'],
    ['failed to parse remote name: unexpected character', `${REF} is no name`],
    ['a bad day', `by hand: tart pull ${REF}`],
  ])('"%s" says %s', (said, part) => {
    expect(hintOfPull(said, REF)).toContain(part);
  });
});

describe('the hint of a VM that tart did not run', () => {
  it.each([
    ['Error Domain=VZErrorDomain Code=1 "Internal"', 'security unlock-keychain'],
    ['softnet not found in PATH', 'brew install cirruslabs/cli/softnet'],
    ['a bad day', `tart run ${GUEST}`],
  ])('"%s" says %s', (said, part) => {
    expect(hintOfRun(said, GUEST, HOME)).toContain(part);
  });

  it('names the VMs that run where there may be no further one', () => {
    const said = 'The number of VMs exceeds the system limit (other running VMs: a, b)';
    expect(hintOfLimit(said)).toBe('end another VM: tart stop a, or tart stop b');
    expect(hintOfLimit('exceeds the system limit')).toContain('tart list');
  });
});

describe('the hint of sizes that tart refuses', () => {
  it.each([
    ['new disk size is smaller', 'more than 10'],
    ['memory size is too large', 'sysctl hw.memsize'],
    ['cpu count', 'sysctl hw.ncpu'],
    ['a bad day', 'cpu: 2, memoryMiB: 512, diskGiB: 10'],
  ])('"%s" says %s', (said, part) => {
    expect(hintOfSizes(said, { cpu: 2, memoryMiB: 512, diskGiB: 10 })).toContain(part);
  });
});

describe('the hint of a guest without an address', () => {
  it('is by whether it runs', () => {
    expect(hintOfNoAddress(GUEST, false)).toContain(`tart ip ${GUEST}`);
    expect(hintOfNoAddress(GUEST, true)).toContain(`npx vzvm logs ${GUEST}`);
    expect(hintOfNoAddress(GUEST, true)).not.toContain('tart ip');
  });
});
