import { describe, expect, it } from 'vitest';
import {
  createSessionBody,
  createSessionResponse,
  endsTurn,
  ERROR_CODES,
  errorEnvelope,
  flushResponse,
  fsEditBody,
  fsMkdirBody,
  fsMoveBody,
  harnessEvent,
  healthResponse,
  messageBody,
  permissionBody,
  sessionInfo,
  transcriptLine,
  transcriptSeedLine,
  userMessage,
} from '../src/index.ts';

const minimal = { engine: 'e', identity: { loader: 'l', source: { type: 'git', url: 'u' } } };
const none = {
  streamingInput: false,
  partialMessages: false,
  permissionCallback: false,
  sessions: false,
  budget: false,
};
const on = { kind: 'sdk_message', sessionId: 's' };

describe('createSessionBody', () => {
  it('takes the least, defaults to input that ends, and drops keys it does not know', () => {
    expect(createSessionBody.parse({ ...minimal, extra: 1 })).toEqual({ ...minimal, streamingInput: false });
  });

  it('takes everything at once', () => {
    const full = {
      engine: 'e',
      identity: {
        loader: 'l',
        source: { type: 'inline', manifest: { name: 'n' }, files: { 'SOUL.md': 'x' } },
      },
      envs: { A: 'b' },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', extra: true }] }],
      sessionId: '',
      options: { model: 'm' },
      streamingInput: true,
      sessionStore: { kind: 'file', options: { root: '/r' } },
      attachments: [{ path: 'a', content: '', encoding: 'base64', mode: 0o755 }],
      policy: { kind: 'srs', endpoint: 'e', apiKey: 'k', policyId: 'p', principalId: 'q' },
    };
    expect(createSessionBody.parse(full)).toEqual(full);
  });

  it.each([
    ['no engine', { ...minimal, engine: '' }],
    ['no identity', { engine: 'e' }],
    ['a source of no kind', { ...minimal, identity: { loader: 'l', source: { type: 'ftp' } } }],
    ['an env that is no text', { ...minimal, envs: { A: 1 } }],
    ['a message of the assistant', { ...minimal, messages: [{ role: 'assistant', content: '' }] }],
    ['an attachment without a path', { ...minimal, attachments: [{ path: '', content: '' }] }],
    ['a set-uid bit', { ...minimal, attachments: [{ path: 'a', content: '', mode: 0o4755 }] }],
    ['an empty policy key', { ...minimal, policy: { kind: 'srs', endpoint: 'e', apiKey: '' } }],
  ])('rejects %s', (_, body) => {
    expect(createSessionBody.safeParse(body).success).toBe(false);
  });
});

describe('userMessage and messageBody', () => {
  it('take text and content blocks, and nothing else', () => {
    expect(userMessage.safeParse({ role: 'user', content: 'x' }).success).toBe(true);
    expect(messageBody.safeParse({ message: { role: 'user', content: [{ type: 'image' }] } }).success).toBe(
      true,
    );
    for (const content of [undefined, 1, ['text'], [{ text: 'no type' }]]) {
      expect(userMessage.safeParse({ role: 'user', content }).success).toBe(false);
    }
  });
});

describe('permissionBody', () => {
  it('keeps an input of any shape, and tells an absent one from null', () => {
    expect(permissionBody.parse({ decision: 'modify', input: null })).toEqual({
      decision: 'modify',
      input: null,
    });
    expect(permissionBody.parse({ decision: 'allow' })).toEqual({ decision: 'allow' });
    expect(permissionBody.safeParse({ decision: 'maybe' }).success).toBe(false);
  });
});

describe('harnessEvent', () => {
  it('takes each kind', () => {
    const capabilities = {
      streamingInput: true,
      partialMessages: true,
      permissionCallback: true,
      sessions: true,
      budget: false,
    };
    const all = [
      { ...on, kind: 'ca_session_started', engine: 'e', identity: { name: 'n', version: '1' }, capabilities },
      { ...on, kind: 'ca_turn_started', turnIndex: 0, message: { role: 'user', content: 'x' } },
      { ...on, payload: { any: ['thing'] } },
      { ...on, kind: 'ca_permission_request', callId: 'c', toolName: 't', input: null, risk: 'destructive' },
      { ...on, kind: 'ca_permission_decision', callId: 'c', decision: 'deny', reason: 'r' },
      { ...on, kind: 'ca_usage_snapshot', inputTokens: 0, costUsd: 0.5, costSemantic: 'delta' },
      { ...on, kind: 'ca_session_ended', reason: 'budget_exceeded', errorMessage: 'm' },
      { ...on, kind: 'ca_events_dropped', from: 1, to: 4 },
    ];
    for (const event of all) expect(harnessEvent.parse(event)).toEqual(event);
  });

  it.each([
    { ...on, kind: 'ca_turn_started', turnIndex: -1 },
    { ...on, kind: 'ca_usage_snapshot', inputTokens: 1.5 },
    { ...on, kind: 'ca_session_ended', reason: 'bored' },
    { ...on, kind: 'unheard_of' },
  ])('rejects %j', (event) => {
    expect(harnessEvent.safeParse(event).success).toBe(false);
  });
});

describe('ERROR_CODES', () => {
  it('names each code once', () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
  });
});

describe('endsTurn', () => {
  it('knows the ends of all engines, and nothing else', () => {
    expect(endsTurn({ type: 'result', subtype: 'error_max_turns' })).toBe(true);
    expect(endsTurn({ type: 'system', subtype: 'session_end' })).toBe(true);
    for (const other of [null, 'result', { type: 'system', subtype: 'init' }, { subtype: 'result' }, []])
      expect(endsTurn(other)).toBe(false);
  });
});

describe('the bodies of files', () => {
  it('have camel-case names, and an old text that is not empty', () => {
    const edit = { path: 'a', oldString: 'b', newString: '', replaceAll: true };
    expect(fsEditBody.parse(edit)).toEqual(edit);
    expect(fsEditBody.safeParse({ ...edit, oldString: '' }).success).toBe(false);
    expect(fsMkdirBody.safeParse({ path: 'a' }).success).toBe(true);
    expect(fsMoveBody.safeParse({ from: 'a', to: '' }).success).toBe(false);
  });
});

describe('the lines of a transcript', () => {
  const line = { key: { projectKey: 'p', sessionId: 's' }, entries: [{ type: 'user', uuid: 'u', any: [1] }] };

  it('keep their entries as they are', () => {
    expect(transcriptSeedLine.parse(line)).toEqual(line);
    const sub = { ...line, seq: 1, key: { ...line.key, subpath: 'subagents/agent-1' } };
    expect(transcriptLine.parse(sub)).toEqual(sub);
  });

  it('count from 1, and say whose they are', () => {
    expect(transcriptLine.safeParse({ ...line, seq: 0 }).success).toBe(false);
    const nobody = { ...line, key: { projectKey: 'p', sessionId: '' } };
    expect(transcriptSeedLine.safeParse(nobody).success).toBe(false);
    expect(transcriptSeedLine.safeParse({ ...line, entries: ['text'] }).success).toBe(false);
    expect(flushResponse.safeParse({ ok: true, seq: 0 }).success).toBe(true);
  });
});

describe('responses', () => {
  it('are read from harnesses that are older, or newer', () => {
    const capabilities = { ...none, sessions: true };
    const health = { ok: true, version: '9', engines: { e: capabilities }, loaders: ['l'] };
    expect(healthResponse.parse({ ...health, later: 1 })).toEqual(health);
    const created = { sessionId: 's', engine: 'e', identity: { name: 'n', version: '1' }, capabilities };
    const withUrl = { ...created, eventsUrl: '/v1/sessions/s/events' };
    expect(createSessionResponse.parse(withUrl)).toEqual(withUrl);
    expect(sessionInfo.safeParse({ ...created, status: 'asleep' }).success).toBe(false);
    const rejected = { error: { code: 'OF_LATER', message: 'm' } };
    expect(errorEnvelope.parse(rejected)).toEqual(rejected);
  });
});
