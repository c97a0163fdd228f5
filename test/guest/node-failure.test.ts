import { describe, expect, it } from 'vitest';
import { explainNodeFailure } from '../../src/guest/index.ts';

describe('the hint of a Node that could not be installed', () => {
  it.each([
    ['tar: write error: No space left on device', 'diskGiB'],
    ['sudo: a password is required', 'sudo without a password'],
    ['curl: (60) SSL certificate problem', 'NODE_EXTRA_CA_CERTS'],
    ['curl: (22) The requested URL returned error: 403', 'npm login'],
    ['curl: (6) Could not resolve host', '/etc/resolv.conf'],
    ['curl: (28) Operation timed out', 'npm ping'],
    ['sha512sum: WARNING: 1 computed checksum did NOT match', 'npm config get registry'],
    ['E: Unable to locate package nodejs', "source: 'npm'"],
    ['a bad day', 'an image with Node 20 or newer'],
  ])('"%s" says %s', (said, part) => {
    expect(explainNodeFailure(said)).toEqual({ hint: expect.stringContaining(part), retry: 'safe' });
  });
});
