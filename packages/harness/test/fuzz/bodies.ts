import fc from 'fast-check';

/** What breaks programs that think of words. */
const STRANGE = [
  '',
  ' ',
  '.',
  '..',
  '../..',
  '../../x',
  '/',
  '/etc/passwd',
  'a/../../b',
  'a\0b',
  'a\nb',
  '%2e%2e%2f',
  '\\..\\x',
  '\u202e',
  '\ud800',
  '~',
  '-rf',
  '--upload-pack=x',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(300),
  'x'.repeat(5_000),
  'a/'.repeat(3_000),
] as const;

export const word = fc.oneof(fc.constantFrom(...STRANGE), fc.string({ unit: 'binary', maxLength: 20 }));

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  word,
  fc.constantFrom(null, true, -1, 0, 1e308, 2 ** 53, [], {}, [[]], 'utf8', 'base64', 'allow'),
  // Deeper than any recursion would like.
  fc.constant(0).map(() => JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`) as unknown),
);

/** Mostly good, so that what is behind the first check is seen, too. */
const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: anything });

const PLAIN = { type: 'inline', manifest: { name: 'a', version: '1.0.0' } };

/** Nothing outside of this machine, and nothing of it but what the test has made. */
const source = (folder: string) =>
  fc.oneof(
    fc.record({
      type: fc.constant('inline'),
      manifest: fc.oneof(
        fc.constant({ name: 'a', version: '1.0.0' }),
        fc.record(
          {
            name: anything,
            version: anything,
            model: anything,
            runtime: anything,
            compliance: fc.oneof(anything, fc.record({ supervision: anything })),
            tools: anything,
            skills: anything,
          },
          { requiredKeys: [] },
        ),
      ),
      files: fc.dictionary(
        fc.oneof(
          word,
          fc.constantFrom(
            'agent.yaml',
            'SOUL.md',
            'tools/t.yaml',
            'hooks/hooks.yaml',
            'agents/a.yaml',
            'agents/b.md',
            'skills/s/SKILL.md',
          ),
        ),
        fc.oneof(
          word,
          fc.json(),
          fc.constantFrom('a: [', '&a [*a, *a]', 'hooks:\n  preToolUse: 7', '---\n---\n', '%YAML 9', '? '),
        ),
        { maxKeys: 4 },
      ),
    }),
    fc.record({
      type: fc.constant('git'),
      url: fc.constantFrom(
        'http://127.0.0.1:1/x.git',
        '',
        ' ',
        '-x',
        '--upload-pack=touch x',
        'ext::sh -c true',
        'file:///none',
        'http://u:p@127.0.0.1:1/x',
        'a\0b',
      ),
      ref: word,
      subdir: word,
    }),
    fc.record({
      type: fc.constant('local'),
      path: fc.constantFrom(
        '/nowhere/at/all',
        `${folder}/none`,
        `${folder}/file`,
        `${folder}/a\0b`,
        '/dev/null',
        `/${'x'.repeat(5_000)}`,
      ),
    }),
    fc.oneof(anything, fc.record({ type: word })),
  );

/** A good value, which may lose a field, get a field that it does not know, or have one with something else in it. */
function spoiled(good: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const change = fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    fc.record({ at: fc.nat(), value: fc.option(anything, { nil: undefined }) }),
    fc.record({ name: word, value: anything }),
  );
  return fc.tuple(good, change).map(([body, changed]) => {
    if (changed === undefined) return body;
    const names = Object.keys(body);
    const name = 'name' in changed ? changed.name : (names[changed.at % names.length] ?? 'x');
    // What leads out of the test's own folder is not for chance to write.
    return name === 'identity' ? body : { ...body, [name]: changed.value };
  });
}

/** A store and a policy, which lead somewhere. */
const guards = (folder: string) =>
  fc.record(
    {
      sessionStore: fc.record({
        kind: fc.constantFrom('memory', 'file', 'none', ''),
        options: fc.constantFrom({ root: `${folder}/store` }, {}, null, 'x'),
      }),
      policy: fc.record({
        kind: fc.constant('srs'),
        endpoint: fc.constantFrom('http://127.0.0.1:1', 'x', ''),
        apiKey: word,
        policyId: word,
        principalId: word,
      }),
    },
    { requiredKeys: [] },
  );

const path = fc.oneof(word, fc.constantFrom('f.txt', 'd', 'd/f.txt', 'new', 'd/new'));
const userMessage = fc.oneof(
  { weight: 3, arbitrary: fc.record({ role: fc.constant('user'), content: word }) },
  fc.record({ role: fc.constantFrom('user', 'assistant', ''), content: anything }),
  fc.constant({ role: 'user', content: 'hello' }),
  anything,
);

/** Bodies for each route that takes JSON, from good ones to none. */
export const bodiesOf = (folder: string): Readonly<Record<string, fc.Arbitrary<unknown>>> => ({
  '/v1/sessions': spoiled(
    fc.record(
      {
        engine: mostly(fc.constant('scripted')),
        identity: fc.record({
          loader: mostly(fc.constant('gitagentprotocol')),
          source: fc.oneof(
            { weight: 2, arbitrary: fc.constant(PLAIN) },
            { weight: 1, arbitrary: source(folder) },
          ),
        }),
        envs: mostly(fc.dictionary(word, word, { maxKeys: 3 })),
        messages: mostly(fc.array(userMessage, { maxLength: 3 })),
        sessionId: mostly(fc.uuid()),
        options: mostly(fc.dictionary(word, anything, { maxKeys: 3 })),
        streamingInput: mostly(fc.boolean()),
        attachments: mostly(
          fc.array(
            fc.record(
              { path, content: word, encoding: fc.constantFrom('utf8', 'base64', 'x'), mode: anything },
              { requiredKeys: ['path', 'content'] },
            ),
            { maxLength: 2 },
          ),
        ),
      },
      { requiredKeys: ['engine', 'identity'] },
    ),
  ).chain((body) =>
    fc.option(guards(folder), { nil: {}, freq: 3 }).map((more) => Object.assign({}, body, more)),
  ),
  '/v1/sessions/:id/messages': spoiled(fc.record({ message: userMessage })),
  '/v1/sessions/:id/permission/call': spoiled(
    fc.record({
      decision: fc.oneof(fc.constantFrom('allow', 'deny', 'modify'), word),
      input: anything,
      reason: anything,
    }),
  ),
  '/v1/sessions/:id/fs/edit': spoiled(
    fc.record({
      path: mostly(fc.constantFrom('f.txt', 'd/f.txt')),
      oldString: fc.oneof(word, fc.constantFrom('some', 'e')),
      newString: word,
      replaceAll: fc.oneof(fc.boolean(), anything),
    }),
  ),
  '/v1/sessions/:id/fs/mkdir': spoiled(fc.record({ path, recursive: fc.oneof(fc.boolean(), anything) })),
  '/v1/sessions/:id/fs/move': spoiled(fc.record({ from: path, to: path })),
  '/v1/sessions/:id/cancel': anything,
  '/v1/sessions/:id/end-input': anything,
  '/v1/token': fc.constant({ token: 'short' }),
  '/v1/claim': anything,
});

export { path as somePath, anything };
