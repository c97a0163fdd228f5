import { chmod, writeFile } from 'node:fs/promises';
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
  /** Written to standard output by a trial boot, which then ends. */
  readonly trial?: string;
}

/** An executable that speaks as much QEMU as a driver listens to: version, QMP, forwarded ports, console. */
export async function scriptedQemu(folder: string, script: QemuScript = {}): Promise<string> {
  const file = join(folder, 'scripted-qemu');
  await writeFile(file, `#!${process.execPath}\nconst script = ${JSON.stringify(script)};\n${BODY}`);
  await chmod(file, 0o755);
  return file;
}

const BODY = String.raw`
const fs = require('node:fs');
const net = require('node:net');
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
  if (!script.isMute) serve();
}
function serve() {
  const guestPorts = [...after('-netdev').matchAll(/-:(\d+)/g)].map((match) => match[1]);
  const lines = [];
  let waiting = guestPorts.length;
  for (const guestPort of guestPorts) {
    const server = net.createServer((socket) => socket.end('port ' + guestPort + '\n'));
    server.listen(0, '127.0.0.1', () => {
      lines.push('  TCP[HOST_FORWARD]  12       127.0.0.1 ' + server.address().port + '       10.0.2.15 ' + guestPort + '     0     0');
      if (--waiting === 0) serveQmp(lines.join('\r\n'));
    });
  }
}
function serveQmp(usernet) {
  net.createServer((socket) => {
    const send = (message) => socket.write(JSON.stringify(message) + '\r\n');
    socket.on('error', () => {});
    send({ QMP: { version: {}, capabilities: [] } });
    socket.on('data', (data) => {
      for (const line of String(data).trim().split('\n')) {
        const { execute } = JSON.parse(line);
        send({ event: 'NIC_RX_FILTER_CHANGED' });
        send({ return: execute === 'human-monitor-command' ? usernet : {} });
        if (execute === 'system_powerdown' && !script.ignoresPowerdown) process.exit(0);
      }
    });
  }).listen(after('-qmp').replace(/^unix:/, '').replace(/,.*/, ''));
}
`;
