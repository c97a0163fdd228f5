import type { VmSession } from '../../actors/index.ts';

/** Every secret of a VM that is known by now. Those of later claims are told when they come. */
export function secretsOf(session: VmSession): readonly (string | undefined)[] {
  const { token, keys, plan, envs, parking, copy, keep, hostNpm } = session;
  return [
    token,
    keys?.privateKey,
    plan?.password,
    plan?.privateKey,
    parking?.secret,
    copy?.token,
    keep?.login?.privateKey,
    hostNpm?.token,
    ...Object.values(envs ?? {}),
  ];
}
