import { describe, expect, it } from 'vitest';
import { guestConnection } from '../../src/actors/guest-connection.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { startSshd } from '../helpers/sshd.ts';
import { until } from '../helpers/until.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const never = new AbortController().signal;
/** The machine that the tests run on has it, on its loopback. */
const OWN_MAC = '00:00:00:00:00:00';
const OTHER_MAC = '52:54:00:12:34:56';

/** A VM whose guest is a real sshd on this machine, and whose driver knows something of it. */
async function guestOf(knows: Partial<Pick<Driver, 'hostKeys' | 'hardwareAddress'>>) {
  const sshd = await startSshd();
  const vm = await startTestVm({ dial: () => sshd.dial(), plan: { user: sshd.user } });
  vm.session.keys = { publicKey: '', privateKey: sshd.privateKey };
  Object.assign(vm.driver, knows);
  return {
    sshd,
    session: vm.session,
    [Symbol.asyncDispose]: async () => {
      await vm[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

const mac = (address: string) => ({ hardwareAddress: () => Promise.resolve(address) });
const keys = (...known: string[]) => ({ hostKeys: () => Promise.resolve(known) });
const wrong = { code: 'WRONG_GUEST', retry: 'safe', hint: expect.stringContaining('doctor') as string };

describe('first contact', () => {
  it('accepts the host key that the driver knows, and asks no more', async () => {
    await using guest = await guestOf(mac(OTHER_MAC));
    Object.assign(guest.session.driver, keys('SHA256:rsa', guest.sshd.hostKey));
    await guestConnection(guest.session, never);
    expect(guest.session.hostKey).toBe(guest.sshd.hostKey);
  });

  it('refuses another host key, before it logs in', async () => {
    await using guest = await guestOf(keys('SHA256:other'));
    await expect(guestConnection(guest.session, never)).rejects.toMatchObject(wrong);
    expect(guest.session.hostKey).toBeUndefined();
    await until('the server has seen the end', () => guest.sshd.sessions().length === 0);
    expect(await guest.sshd.log()).not.toContain('Accepted');
  });

  it('accepts the hardware address that the guest was given, where no host key is known', async () => {
    await using guest = await guestOf({ ...keys(), ...mac(OWN_MAC) });
    await guestConnection(guest.session, never);
    expect(guest.session.hostKey).toBe(guest.sshd.hostKey);
  });

  it('refuses a guest with another hardware address, and leaves it', async () => {
    await using guest = await guestOf({ ...keys(), ...mac(OTHER_MAC) });
    await expect(guestConnection(guest.session, never)).rejects.toMatchObject({
      ...wrong,
      facts: { expected: OTHER_MAC },
    });
    expect([guest.session.hostKey, guest.session.connection]).toEqual([undefined, undefined]);
  });

  it('leaves a guest whose hardware address cannot be read', async () => {
    const unreadable = () => Promise.reject(new Error('it cannot be read'));
    await using guest = await guestOf({ ...keys(), hardwareAddress: unreadable });
    await expect(guestConnection(guest.session, never)).rejects.toThrow('it cannot be read');
    await until('the server has seen the end', () => guest.sshd.sessions().length === 0);
  });

  it('knows the guest by its pinned host key from then on', async () => {
    await using guest = await guestOf(mac(OTHER_MAC));
    guest.session.hostKey = guest.sshd.hostKey;
    Object.assign(guest.session.driver, keys('SHA256:other'));
    expect((await guestConnection(guest.session, never)).hostKey).toBe(guest.sshd.hostKey);
  });
});
