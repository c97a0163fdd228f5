import { expect, test } from 'vitest';
import { isInLongMode } from '../../../src/drivers/qemu/snapshots/kernel-runs.ts';

test.each([
  ['the firmware', 'CR0=00000011 CR4=00000000\nEFER=0000000000000000\nFCW=037f', false],
  ['a kernel that prepares for it', 'CR0=00000011\nEFER=0000000000000100\n', false],
  ['a kernel', 'CR0=80050033\r\nEFER=0000000000000d01\r\n', true],
  ['no processor of a PC', 'PC=ffff800010010000 X00=0000000000000000', false],
])('tells from its registers whether a guest is in %s', (_, registers, expected) => {
  expect(isInLongMode(registers)).toBe(expected);
});
