import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a scripted QEMU does once it is started. */
export interface QemuScript {
  readonly version?: string;
  /** Written to standard error before it ends at once. */
  readonly fails?: string;
  /** Never opens its QMP socket. */
  readonly isMute?: boolean;
  /** Does nothing at `system_powerdown`. */
  readonly ignoresPowerdown?: boolean;
  readonly ignoresTerm?: boolean;
  /** Saves nothing, with this reason. */
  readonly failsToSave?: string;
  /** Never comes to the end of a save. */
  readonly savesForever?: boolean;
  /** Never comes to the end of a load. */
  readonly loadsForever?: boolean;
  /** Written to standard error before it ends at a load. */
  readonly failsToLoad?: string;
  /** What it answers when it is asked how its guest is. @defaultValue "running" */
  readonly status?: string;
  /** Written to standard output by a trial boot, which then ends. */
  readonly trial?: string;
}

/** Commands that a guest's scripted QEMU was given, in order, but for the negotiation. */
export async function commandsOf(qemuBin: string, guest: string): Promise<string[]> {
  const lines = (await readFile(`${qemuBin}.commands`, 'utf8')).trim().split('\n');
  return lines.filter((line) => line.startsWith(`${guest} `)).map((line) => line.slice(guest.length + 1));
}

/** An executable that speaks as much QEMU as a driver listens to: version, QMP, migration, forwarded ports, console. */
export async function scriptedQemu(folder: string, script: QemuScript = {}): Promise<string> {
  const file = join(folder, 'scripted-qemu');
  await writeFile(file, `#!${process.execPath}\nconst script = ${JSON.stringify(script)};\n${BODY}`);
  await chmod(file, 0o755);
  return file;
}

const BODY = String.raw`
const fs = require('node:fs');
const net = require('node:net');
const { spawn } = require('node:child_process');
const args = process.argv.slice(2);
const after = (name) => args[args.indexOf(name) + 1];
fs.appendFileSync(__filename + '.calls', JSON.stringify(args) + '\n');
if (args[0] === '--version') {
  console.log('QEMU emulator version ' + (script.version ?? '7.2.22'));
} else if (args.includes('stdio')) {
  console.log(script.trial ?? '');
} else if (script.fails !== undefined) {
  console.error(script.fails);
  process.exitCode = 1;
} else {
  if (script.ignoresTerm) process.on('SIGTERM', () => {});
  fs.writeFileSync(after('-serial').replace('file:', ''), 'booted\r\n\u001b[1mvm login:\u001b[0m ');
  setInterval(() => {}, 1000);
  const memory = args.includes('-object') ? JSON.parse(after('-object')) : undefined;
  if (memory && !fs.existsSync(memory['mem-path'])) {
    fs.writeFileSync(memory['mem-path'], '');
    fs.truncateSync(memory['mem-path'], memory.size);
  }
  if (!script.isMute) serve();
}
function serve() {
  const guestPorts = [...after('-netdev').matchAll(/-:(\d+)/g)].map((match) => match[1]);
  const lines = [];
  let waiting = guestPorts.length;
  if (waiting === 0) serveQmp('');
  for (const guestPort of guestPorts) {
    const server = net.createServer((socket) => socket.end('port ' + guestPort + '\n'));
    server.listen(0, '127.0.0.1', () => {
      lines.push('  TCP[HOST_FORWARD]  12       127.0.0.1 ' + server.address().port + '       10.0.2.15 ' + guestPort + '     0     0');
      if (--waiting === 0) serveQmp(lines.join('\r\n'));
    });
  }
}
function serveQmp(usernet) {
  const sockets = args.filter((_, index) => args[index - 1] === '-qmp');
  for (const socket of sockets) serveOn(socket.replace(/^unix:/, '').replace(/,.*/, ''), usernet);
}
function serveOn(path, usernet) {
  net.createServer((socket) => {
    const send = (message) => socket.write(JSON.stringify(message) + '\r\n');
    socket.on('error', () => {});
    send({ QMP: { version: {}, capabilities: [] } });
    socket.on('data', (data) => {
      for (const line of String(data).trim().split('\n')) {
        const { execute, arguments: given } = JSON.parse(line);
        if (execute !== 'qmp_capabilities')
          fs.appendFileSync(__filename + '.commands', after('-name') + ' ' + execute + '\n');
        send({ event: 'NIC_RX_FILTER_CHANGED' });
        if (execute === 'quit') {
          socket.end(JSON.stringify({ return: {} }) + '\n', () => process.exit(0));
          return;
        }
        const reason = script.failsToSave ? { 'error-desc': script.failsToSave } : {};
        const status = { status: script.status ?? 'running' };
        const answers = { 'human-monitor-command': usernet, 'query-migrate': reason, 'query-status': status };
        send({ return: answers[execute] ?? {} });
        if (execute === 'system_powerdown' && !script.ignoresPowerdown) process.exit(0);
        MIGRATION[execute]?.(given, send);
      }
    });
  }).listen(path);
}
const tell = (send, status) => send({ event: 'MIGRATION', data: { status } });
const able = {};
let write;
const MIGRATION = {
  stop: (_, send) => send({ event: 'STOP', timestamp: { seconds: 1, microseconds: 0 } }),
  cont: (_, send) => send({ event: 'RESUME', timestamp: { seconds: 1, microseconds: 7000 } }),
  'migrate-set-capabilities': ({ capabilities }) => {
    for (const { capability, state } of capabilities) able[capability] = state;
  },
  migrate: ({ uri }, send) => {
    tell(send, 'setup');
    if (script.failsToSave) return tell(send, 'failed');
    if (script.savesForever) return;
    write = (send) => {
      const child = spawn('/bin/sh', ['-c', uri.replace('exec:', '')], { stdio: ['pipe', 'ignore', 'inherit'] });
      child.stdin.end('saved ' + JSON.stringify(able));
      tell(send, 'completed');
    };
    if (!able['pause-before-switchover']) return write(send);
    MIGRATION.stop(undefined, send);
    tell(send, 'pre-switchover');
  },
  'migrate-continue': (_, send) => write(send),
  'migrate-incoming': ({ uri }, send) => {
    if (script.loadsForever) return;
    if (script.failsToLoad) {
      console.error(script.failsToLoad);
      process.exit(1);
    }
    const shell = () => spawn('/bin/sh', ['-c', uri.replace('exec:', '')], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
    const input = uri.startsWith('fd:') ? fs.createReadStream('', { fd: Number(uri.slice(3)) }) : shell();
    input.on('data', (data) => fs.appendFileSync('loaded', data));
    input.on('close', () => tell(send, 'completed'));
  },
};
`;
