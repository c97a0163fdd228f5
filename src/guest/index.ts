export { mountFoldersCommand } from './mount-folders.ts';
export { digestOf } from './digest.ts';
export {
  isAliveCommand,
  logCommand,
  logTailCommand,
  spawnCommand,
  stopCommand,
  warmUpCommand,
  watchCommand,
} from './harness-process.ts';
export { installKeyCommand } from './install-key.ts';
export { nodesourceCommand, npmNodeCommand } from './install-node.ts';
export { markPackagesCommand, markUploadedCommand } from './markers.ts';
export { explainNodeFailure } from './node-failure.ts';
export { explainNpmFailure, npmCiCommand } from './npm-ci.ts';
export { parkedConfig } from './parked-config.ts';
export { prepareCommand, type Preparation } from './prepare.ts';
export { type GuestProbe, parseProbe, probeCommand } from './probe.ts';
export { RENEWED, renewCopyCommand } from './renew-copy.ts';
export { renewIdentityCommand } from './renew-identity.ts';
export { SEAL_VERSION, sealCommand, unsealCommand } from './seal.ts';
export { quote } from './shell.ts';
