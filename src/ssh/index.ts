export { connectSsh } from './connect.ts';
export type { SshConnection } from './connection.ts';
export { listenLocally } from './forward.ts';
export { generateKeyPair, readPrivateKey } from './keys.ts';
export { uploadFiles } from './upload.ts';
export type { Tty } from './streams.ts';
