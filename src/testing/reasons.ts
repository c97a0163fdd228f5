import { chartPlace, type Happening } from './spec.ts';

/** Why something cannot be brought about from outside; undefined where it can. */
export function reasonAgainst(from: string, happening: Happening, isFork: boolean): string | undefined {
  const [step = ''] = from.split(':');
  const isFirstTry = from.endsWith(':trying:1');
  const connected = !from.endsWith(':cut') && from !== 'healthy:reaching';
  if (from === 'disposing' && happening === 'fails')
    return 'a release answers its problems, and never rejects';
  if (from === 'prepared' && happening === 'vmCannotBeWatched')
    return 'who makes an image looks at the chart no more';
  if (
    isFork &&
    chartPlace(from).startsWith('spawn:') &&
    ['fails', 'failsSafely', 'isCancelled'].includes(happening)
  )
    return 'a fork is looked at without a connection, and what is not there is not there yet';
  if (happening === 'isCancelled' && connected && from.startsWith('spawn:probing'))
    return 'nothing but a dial is ever cancelled by another than the chart';
  if (from === 'healthy' && (happening === 'fails' || happening === 'isCancelled'))
    return 'a watch that was begun ends by the end of the harness or of the connection';
  if (
    isFirstTry &&
    happening === 'isCancelled' &&
    ['upload', 'node-install', 'npm-install', 'spawn'].includes(step)
  )
    return 'nothing but a dial is ever cancelled by another than the chart';
  if (isFirstTry && happening === 'fails' && ['node-install', 'spawn'].includes(step))
    return 'it is always worth another try';
  return undefined;
}

/** What is known of guests that are a driver's own. */
export interface OwnGuests {
  /** They find all in place. */
  readonly isPrepared: boolean;
  /** Their VMs are written down, so that others get in, too. */
  readonly isReachable: boolean;
}

const IN_GUEST: ReadonlySet<string> = new Set(['upload', 'node-install', 'npm-install', 'spawn']);
const CONNECTING: ReadonlySet<Happening> = new Set(['fails', 'isCancelled']);

/** Whether a driver and guests of their own can be brought to something: by the driver's verbs, the network and time. */
export function canOwn(from: string, happening: Happening, { isPrepared, isReachable }: OwnGuests): boolean {
  const [step = '', , attempt] = from.split(':');
  if (happening === 'findsAllPrepared') return isPrepared;
  if (step === 'ssh-connect' && happening === 'succeeds') return !isPrepared;
  if (from === 'disposing') return happening === 'succeeds';
  if (from === 'healthy' && happening === 'succeeds') return isReachable;
  // It is tried as often as it takes.
  if (happening === 'failsSafely' && attempt === '2' && !/^(cloning|booting)/.test(step)) return false;
  if (IN_GUEST.has(step) && attempt === '1') return !CONNECTING.has(happening);
  return true;
}
