import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/substrate/nearest.ts';

const NAMES = ['cpu', 'memoryMiB', 'diskGiB', 'sshUser', 'sshPassword'];

describe('the nearest name', () => {
  it.each([
    ['cpus', 'cpu'],
    ['CPU', 'cpu'],
    ['memory', 'memoryMiB'],
    ['memmoryMib', 'memoryMiB'],
    ['diskGB', 'diskGiB'],
    ['sshPasswrod', 'sshPassword'],
    ['sshUser', 'sshUser'],
  ])('of %s is %s', (written, name) => {
    expect(nearest(written, NAMES)).toBe(name);
  });

  it.each(['', 'me', 'kubernetes', 'privateKey'])('of %j is none: it is no slip', (written) => {
    expect(nearest(written, NAMES)).toBeUndefined();
  });

  it('of anything among none is none', () => {
    expect(nearest('cpu', [])).toBeUndefined();
  });
});
