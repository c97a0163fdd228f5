import { describe, expect, it } from 'vitest';
import { sealCommand, unsealCommand } from '../../src/guest/index.ts';
import { sh } from '../helpers/sh.ts';

// What they change is a machine's identity: only a guest is sealed, by the tests on real VMs.

describe('sealing a guest', () => {
  it('takes from the disk what makes it this guest, once a whole copy of it is in memory', () => {
    const recipe = sealCommand({ user: 'admin', hasKey: false });
    const whole = recipe.indexOf('touch /run/vzvm-aside/whole');
    expect(whole).toBeGreaterThan(0);
    for (const removal of ['rm -f "$home', 'rm -f /etc/ssh', ': > /etc/machine-id', 'truncate', 'passwd -l'])
      expect({ removal, comesLater: recipe.indexOf(removal) > whole }).toEqual({ removal, comesLater: true });
  });

  it('is taken back without a word where it could not even begin', async () => {
    expect(await sh(unsealCommand({ user: 'admin' }))).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});
