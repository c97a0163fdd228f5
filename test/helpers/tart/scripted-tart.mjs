#!/usr/bin/env node
// A scripted `tart`: VMs are JSON files in TART_HOME, a running one is tied to a live process of `run`.
// Each call is logged with its arguments; `fail.json` may say how a verb ends.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const home = process.env.TART_HOME;
const [verb, ...args] = process.argv.slice(2);
const vms = join(home, 'vms');
mkdirSync(vms, { recursive: true });
appendFileSync(join(home, 'calls.log'), `${[verb, ...args].join(' ')}\n`);

const file = (name) => join(vms, `${name}.json`);
const read = (name) => JSON.parse(readFileSync(file(name), 'utf8'));
const isAlive = (pid) => {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const stateOf = (name) => (isAlive(read(name).pid) ? 'running' : 'stopped');
const end = (code, stderr = '') => {
  if (stderr) process.stderr.write(`${stderr}\n`);
  process.exit(code);
};
const demand = (name) => existsSync(file(name)) || end(2, `the specified VM "${name}" does not exist`);

const failures = existsSync(join(home, 'fail.json'))
  ? JSON.parse(readFileSync(join(home, 'fail.json'), 'utf8'))
  : {};
if (failures[verb]) end(failures[verb].code, failures[verb].stderr);

switch (verb) {
  case '--version':
    process.stdout.write(`${failures.version ?? '2.33.0'}\n`);
    break;
  case 'fqn':
    if (!existsSync(join(home, 'pulled'))) end(1, 'OCI storage error: not cached');
    process.stdout.write(`${args[0].replace(/:[^:/]*$/, '')}@sha256:${'a'.repeat(64)}\n`);
    break;
  case 'pull':
    if (args[0].includes('unknown'))
      end(1, 'Error: UnexpectedHTTPStatusCode(when: "pulling manifest", code: 404)');
    process.stdout.write(`pulling ${args[0]}...\npulling disk (1.9 GB compressed)...\n50%\n100%\n`);
    writeFileSync(join(home, 'pulled'), '');
    break;
  case 'get':
    demand(args[0]);
    process.stdout.write(
      JSON.stringify({ OS: 'linux', State: stateOf(args[0]), Running: stateOf(args[0]) === 'running' }),
    );
    break;
  case 'clone':
    if (!args[0].includes('/')) demand(args[0]);
    writeFileSync(file(args[1]), '{}');
    break;
  case 'set':
    demand(args[0]);
    break;
  case 'run': {
    if (!existsSync(file(args[0]))) end(1, `Error: the specified VM "${args[0]}" does not exist`);
    if (failures.start) end(failures.start.code, failures.start.stderr);
    process.on('SIGINT', () => (failures.ignoreInt ? undefined : process.exit(0)));
    process.on('SIGUSR2', () => process.exit(0));
    writeFileSync(file(args[0]), JSON.stringify({ pid: process.pid }));
    setInterval(() => undefined, 60_000);
    break;
  }
  case 'ip':
    demand(args[0]);
    if (failures.noIp) end(1, 'no IP address found');
    process.stdout.write('127.0.0.1\n');
    break;
  case 'stop':
    demand(args[0]);
    if (stateOf(args[0]) !== 'running') end(2, `VM "${args[0]}" is not running`);
    process.kill(read(args[0]).pid, 'SIGINT');
    break;
  case 'delete': {
    demand(args[0]);
    if (stateOf(args[0]) === 'running') end(1, `VM "${args[0]}" is running`);
    const busy = join(home, 'busy');
    if (existsSync(busy)) {
      rmSync(busy);
      end(1, `VM "${args[0]}" is running`);
    }
    rmSync(file(args[0]));
    break;
  }
  case 'list':
    process.stdout.write(
      JSON.stringify(
        readdirSync(vms).map((each) => {
          const Name = each.replace(/\.json$/, '');
          return { Source: 'local', Name, State: stateOf(Name), Running: stateOf(Name) === 'running' };
        }),
      ),
    );
    break;
  default:
    end(64, `Error: unknown verb ${verb}`);
}
