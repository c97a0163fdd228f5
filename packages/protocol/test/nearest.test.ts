import { describe, expect, it } from 'vitest';
import { nearest, unknownName } from '../src/nearest.ts';

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

describe('an unknown name', () => {
  it('is told with the nearest, or with all there are', () => {
    expect(unknownName('option', 'cpus', NAMES)).toBe('unknown option cpus: did you mean cpu?');
    expect(unknownName('flag', 'zoo', ['a', 'b'])).toBe('unknown flag zoo: there are a, b');
  });
});
