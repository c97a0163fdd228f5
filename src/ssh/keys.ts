import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { messageOf, VzvmError } from '../errors.ts';

const { utils } = ssh2;

/** An SSH key pair, both halves in OpenSSH's text formats. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Makes an ed25519 key pair. */
export function generateKeyPair(comment: string): KeyPair {
  // ssh2 drops leading zero bytes of a key: about one pair in 170 is malformed. Those are made anew.
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const pair = utils.generateKeyPairSync('ed25519', { comment });
    if (isWhole(pair)) return { publicKey: pair.public, privateKey: pair.private };
  }
  throw new VzvmError('INTERNAL', 'no well-formed SSH key pair could be made');
}

function isWhole(pair: { public: string; private: string }): boolean {
  const [publicHalf, privateHalf] = [utils.parseKey(pair.public), utils.parseKey(pair.private)];
  if (publicHalf instanceof Error || privateHalf instanceof Error) return false;
  return Buffer.compare(publicHalf.getPublicSSH(), privateHalf.getPublicSSH()) === 0;
}

/**
 * Reads the user's own private key.
 * @throws VzvmError SSH_KEY_UNREADABLE.
 */
export async function readPrivateKey(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, hintForFile(path, cause), messageOf(cause), cause);
  });
  const key = utils.parseKey(text);
  if (key instanceof Error) throw unreadable(path, hintForKey(path, key), key.message, key);
  if (!key.isPrivateKey()) {
    throw unreadable(path, `${path} is a public key: give the path of the private one`, 'it is a public key');
  }
  return text;
}

function unreadable(path: string, hint: string, reason: string, cause?: unknown): VzvmError {
  return new VzvmError('SSH_KEY_UNREADABLE', `the private key ${path} cannot be used: ${reason}`, {
    facts: { path },
    hint,
    cause,
  });
}

function hintForFile(path: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT')
    return `correct sshPrivateKeyPath, or make a key: ssh-keygen -t ed25519 -N '' -f ${path}`;
  if (code === 'EACCES' || code === 'EPERM') return `let your user read it: chmod u+r ${path}`;
  if (code === 'EISDIR') return 'give the path of the key file, not of its directory';
  return 'check the path with: ls -l ' + path;
}

function hintForKey(path: string, error: Error): string {
  if (/passphrase|encrypted/i.test(error.message)) {
    return `keys with a passphrase are not supported: copy the key, then take the copy's passphrase off with ssh-keygen -p -N '' -f COPY`;
  }
  return `this is not a private key in OpenSSH or PEM format; check it with: ssh-keygen -y -f ${path}`;
}
