import type { McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk';
import * as z from 'zod';
import { messageOf } from '../../errors.ts';
import type { ScriptTool } from '../../identity/parts.ts';
import type { EngineRun } from '../engine.ts';
import { runScript } from '../run-script.ts';
import type { ClaudeSdk } from './sdk.ts';
import { GAP_SERVER } from './tool-names.ts';

const ERROR_CHARS = 800;

/** The identity's tools as a server within this process; undefined when it has none. */
export function toolServer(
  sdk: Pick<ClaudeSdk, 'createSdkMcpServer' | 'tool'>,
  run: EngineRun,
): McpSdkServerConfigWithInstance | undefined {
  const tools = run.identity?.tools ?? [];
  if (tools.length === 0) return undefined;
  return sdk.createSdkMcpServer({
    name: GAP_SERVER,
    version: '0.1.0',
    tools: tools.map((tool) =>
      sdk.tool(tool.name, tool.description, shapeOf(run, tool), (args) => callTool(run, tool, args), {
        annotations: { readOnlyHint: tool.isReadOnly },
      }),
    ),
  });
}

// A type and not an interface: the SDK's own has room for more keys.
type ToolResult = { content: { type: 'text'; text: string }[]; isError?: boolean };

async function callTool(
  run: EngineRun,
  { name, script }: ScriptTool,
  args: Readonly<Record<string, unknown>>,
): Promise<ToolResult> {
  try {
    const result = await runScript(run, script, { stdin: JSON.stringify(args), env: argumentEnv(args) });
    if (result.timedOut) return failure(`${name} took over ${script.timeoutMs} ms (exit 124)`);
    const { exitCode, stdout, stderr } = result;
    if (exitCode !== 0)
      return failure(`${name} ended with ${exitCode ?? 'a signal'}: ${stderr.trim().slice(0, ERROR_CHARS)}`);
    return { content: [{ type: 'text', text: result.truncated ? `${stdout}\n[cut off here]` : stdout }] };
  } catch (error) {
    run.log('tool.failed', { sessionId: run.sessionId, tool: name, message: messageOf(error) });
    return failure(`${name} could not be run`);
  }
}

function failure(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/** Each argument as a variable, for scripts that read no JSON: `who` is WHO. */
function argumentEnv(args: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(args).map(([name, value]) => [
    name.toUpperCase().replaceAll(/\W/g, '_'),
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The arguments that a tool takes, nested ones and all. What the schema says that nobody understands, anything may be. */
function shapeOf(run: EngineRun, { name, inputSchema }: ScriptTool): z.ZodRawShape {
  try {
    const schema = z.fromJSONSchema({ ...inputSchema, type: 'object' } as Parameters<
      typeof z.fromJSONSchema
    >[0]);
    if (schema instanceof z.ZodObject) return schema.shape as z.ZodRawShape;
  } catch (error) {
    run.log('tool.schema', { sessionId: run.sessionId, tool: name, message: messageOf(error) });
  }
  const properties = inputSchema['properties'];
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  return Object.fromEntries(names.map((property) => [property, z.unknown()]));
}
