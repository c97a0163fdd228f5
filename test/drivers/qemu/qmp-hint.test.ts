import { describe, expect, it } from 'vitest';
import { qmpHint } from '../../../src/drivers/qemu/qmp-hint.ts';

const GUEST = 'ca-4711-0123456789ab';
const SOCKET = `/state/${GUEST}/qmp.sock`;

describe('the hint of a command that QEMU did not do', () => {
  it.each([
    [{ errno: 'ENOENT', message: 'connect ENOENT' }, `npx vzvm logs ${GUEST}`],
    [{ errno: 'ECONNREFUSED', message: 'connect ECONNREFUSED' }, `npx vzvm logs ${GUEST}`],
    [{ message: 'QEMU closed the connection' }, `npx vzvm logs ${GUEST}`],
    [{ errno: 'EACCES', message: 'connect EACCES' }, `ls -l ${SOCKET}`],
    [{ message: 'no reply in 10000 ms' }, `grep ${SOCKET}`],
    [{ message: 'write: No space left on device' }, `df -h /state/${GUEST}`],
    [{ message: 'The command migrate has not been found' }, 'npx vzvm doctor'],
    [{ message: 'something else' }, `npx vzvm logs ${GUEST}`],
  ])('%o says %s', (failure, part) => {
    expect(qmpHint({ socketPath: SOCKET, ...failure })).toContain(part);
  });

  it('names the folder where the socket is not beside the files of its guest', () => {
    const hint = qmpHint({ socketPath: '/tmp/vzvm-qmp-x/qmp.sock', errno: 'ENOENT', message: '' });
    expect(hint).toContain('ls /tmp/vzvm-qmp-x; npx vzvm ls');
  });
});
