import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { listen } from '../../src/boot/listen.ts';

it('leaves the end of an idle connection to whoever asked, and ends it with itself', async () => {
  const app = { fetch: () => Promise.resolve(new Response('ok')), close: () => Promise.resolve() };
  const listening = await listen(app, '127.0.0.1', 0);
  const socket = connect(listening.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  // Node names its own deadline in this header, when it has one.
  expect(answer.toString()).not.toMatch(/keep-alive: timeout/i);
  const closed = once(socket, 'close');
  await listening.close();
  await closed;
});
