import * as z from 'zod';
import { messageOf } from '../errors.ts';
import type { AgentFiles } from './agent-files.ts';
import type { ScriptTool } from './parts.ts';
import { scriptCommand, timeoutOf } from './scripts.ts';

/** What the engines' protocol for tools allows as a name. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const command = z.looseObject({
  command: z.string().min(1),
  args: z.array(text).optional(),
  cwd: z.string().optional(),
  env: z.record(z.string(), text).optional(),
  timeout_ms: z.int().positive().optional(),
});

/** The published form says its `type`; the other one holds `builtin` or `script`. */
const implementation = z.union([
  z.looseObject({
    type: z.enum(['script', 'mcp_server', 'http']),
    script: z.string().optional(),
    path: z.string().optional(),
    runtime: z.string().optional(),
    timeout: z.number().positive().optional(),
    url: z.string().optional(),
    headers: z.record(z.string(), text).optional(),
  }),
  z.looseObject({
    type: z.undefined().optional(),
    builtin: z.string().optional(),
    script: command.optional(),
  }),
]);

const schema = z.record(z.string(), z.unknown());
const toolFile = z.looseObject({
  name: z.string().regex(NAME),
  description: z.string().optional(),
  parameters: schema.optional(),
  input_schema: schema.optional(),
  implementation,
  annotations: z
    .looseObject({ requires_confirmation: z.boolean().optional(), read_only: z.boolean().optional() })
    .optional(),
});
type ToolFile = z.infer<typeof toolFile>;

/** The tools of an agent, and what they need of the engine. */
export interface AgentTools {
  readonly scripts: readonly ScriptTool[];
  /** Names of the engine's own tools that may be used without asking. */
  readonly builtins: readonly string[];
  /** Tools that servers have, by name. */
  readonly mcpServers: Readonly<Record<string, unknown>>;
}

/** Reads `tools/*.yaml`, in either form. A file that makes no sense is left out, and that is said. */
export async function readTools(files: AgentFiles): Promise<AgentTools> {
  const scripts = new Map<string, ScriptTool>();
  const builtins: string[] = [];
  const mcpServers: Record<string, unknown> = {};
  for (const name of (await files.list('tools')).files.filter((file) => /\.ya?ml$/.test(file))) {
    const path = `tools/${name}`;
    const tool = await readTool(files, path);
    if (!tool) continue;
    const { builtin, server, script } = await partsOf(files, path, tool);
    if (builtin !== undefined) builtins.push(builtin);
    if (server !== undefined) mcpServers[tool.name] = server;
    if (script && scripts.has(script.name)) files.warn(path, `there is another tool ${script.name}`);
    else if (script) scripts.set(script.name, script);
  }
  return { scripts: [...scripts.values()], builtins, mcpServers };
}

async function readTool(files: AgentFiles, path: string): Promise<ToolFile | undefined> {
  try {
    const result = toolFile.safeParse(await files.yaml(path));
    if (result.success) return result.data;
    files.warn(path, `not a tool: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
  } catch (error) {
    files.warn(path, messageOf(error));
  }
  return undefined;
}

interface ToolParts {
  readonly builtin?: string | undefined;
  readonly server?: unknown;
  readonly script?: ScriptTool | undefined;
}

async function partsOf(files: AgentFiles, path: string, tool: ToolFile): Promise<ToolParts> {
  const how = tool.implementation;
  if (how.type === undefined) {
    const { builtin, script } = how;
    if (builtin === undefined && !script)
      files.warn(path, 'the implementation has neither builtin nor script');
    return { builtin, script: script && scriptTool(tool, commandOf(script)) };
  }
  if (how.type === 'mcp_server' && how.url !== undefined)
    return { server: { type: 'http', url: how.url, ...(how.headers ? { headers: how.headers } : {}) } };
  const file = how.script ?? how.path;
  if (how.type !== 'script' || file === undefined) {
    files.warn(path, `an implementation of type ${how.type} is not supported`);
    return {};
  }
  const start = await scriptCommand(files, file, ['tools', '.'], how.runtime);
  if (!start) files.warn(path, `there is no script ${file}`);
  const timeoutMs = timeoutOf(how.timeout === undefined ? undefined : how.timeout * 1000);
  const [program, ...args] = start ?? [];
  if (program === undefined) return {};
  return { script: scriptTool(tool, { command: program, args, cwd: '.', env: {}, timeoutMs }) };
}

function commandOf({
  command: program,
  args = [],
  cwd = '.',
  env = {},
  timeout_ms,
}: z.infer<typeof command>) {
  return { command: program, args, cwd, env, timeoutMs: timeoutOf(timeout_ms) };
}

function scriptTool(tool: ToolFile, script: ScriptTool['script']): ScriptTool {
  return {
    name: tool.name,
    description: tool.description ?? tool.name,
    inputSchema: tool.input_schema ?? tool.parameters ?? { type: 'object', properties: {} },
    script,
    needsConfirmation: tool.annotations?.requires_confirmation ?? false,
    isReadOnly: tool.annotations?.read_only ?? false,
  };
}
