import { expect, test } from 'vitest';
import { parseForwards } from '../../../src/drivers/qemu/usernet.ts';

const ANSWER = [
  'Hub -1 (n0):',
  '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
  '  TCP[ESTABLISHED]   17       127.0.0.1 36207       10.0.2.15    22     0     0',
  '  TCP[HOST_FORWARD]  13       127.0.0.1 33395       10.0.2.15  7700     0     0',
  '  TCP[HOST_FORWARD]  12       127.0.0.1 36208       10.0.2.15    22     0     0',
  '  UDP[236 sec]       19       10.0.2.15 46127        10.0.2.3    53     0     0',
].join('\r\n');

test('reads the forwarded ports and nothing else', () => {
  expect(parseForwards(ANSWER)).toEqual({ 22: 36208, 7700: 33395 });
});

test('reads nothing from an empty answer', () => {
  expect(parseForwards('')).toEqual({});
});
