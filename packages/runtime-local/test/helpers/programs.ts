import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Answers health as a harness does, with what else the test has it do before. */
const serve = (before: string): string => `
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
${before}
const server = createServer((request, response) => response.end('{}'));
server.listen(0, '127.0.0.1', () => {
  const line = { event: 'listening', host: '127.0.0.1', port: server.address().port, pid: process.pid, version: '0' };
  console.log(JSON.stringify(line));
});
`;

/** Programs that stand in for the harness, each with a fault of its own. */
export const PROGRAMS = {
  /** Neither it nor its children end when asked, and one of them is in a session of its own. */
  stubborn: serve(`
    process.on('SIGTERM', () => console.error('asked to end'));
    const endless = ['-e', 'process.on("SIGTERM", () => 0); setInterval(() => 0, 1000); console.error(process.pid)'];
    spawn(process.execPath, endless, { stdio: ['ignore', 'inherit', 'inherit'] });
    spawn(process.execPath, endless, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  `),
  /** Its first children are there, then it ends. */
  failing: `
    import { spawn } from 'node:child_process';
    spawn('sleep', ['600'], { stdio: 'ignore', detached: true }).unref();
    for (let i = 0; i < 100; i++) console.error('line ' + i + ' ' + process.pid);
    process.stdin.once('data', (config) => {
      console.error('the key is ' + JSON.parse(config).env.KEY);
      process.exitCode = 3;
      process.stdin.destroy();
    });
  `,
  /** Never says that it listens. */
  silent: `setInterval(() => 0, 1000); console.error('started ' + process.pid);`,
  /** Says something else. */
  strange: `console.log('hello'); setInterval(() => 0, 1000);`,
} as const;

/** Writes one of the programs into a folder; answers its path. */
export async function program(folder: string, name: keyof typeof PROGRAMS): Promise<string> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, PROGRAMS[name]);
  return path;
}
