/** What `computeragent --help` says. */
export const USAGE = `usage: computeragent run SOURCE -m MESSAGE    one turn of an agent
       computeragent health                   what a harness is, and what it can run
       computeragent conformance [URL]        whether a server speaks the Harness Protocol

SOURCE is a folder (./agent), a git URL (github.com/org/agent), or inline:{"name":"a","version":"1.0.0"}.

where the harness runs
       --harness-url URL     it runs already (COMPUTERAGENT_HARNESS_URL, or http://127.0.0.1:7700)
       --token-stdin         reads its token, one line, from standard input
       --runtime local       a child process of this command: nothing contains the agent
       --runtime vzvm        a fresh VM, gone at the end (needs @computeragent/runtime-vzvm)
       --base IMAGE          what the VM is cloned from

run    -m, --message TEXT    what to say to the agent
       -h, --harness ENGINE  the engine (claude-agent-sdk)
       --loader LOADER       reads the agent's identity (gitagentprotocol)
       --model MODEL         instead of the agent's own
       --base-url URL        the model's API (ANTHROPIC_BASE_URL for the agent)
       --env NAME            hands this variable on to the agent, too; may be repeated. API keys of model providers,
                             GITHUB_TOKEN and GIT_TOKEN are handed on by themselves
       --permission-mode M   of the engine (default)
       --max-turns N         the most steps that it may take
       --approve HOW         tool calls that need a permission: "ask" on the terminal from medium risk on, and deny
                             where there is none; "allow"; "deny". (ask; with --runtime vzvm: allow)
       --session-id ID       names the session
       --store FOLDER        keeps its conversation there, and goes on with it; needs --session-id
       --raw                 writes each event as one line of JSON

conformance
       --level LEVEL         "protocol", or "strict", which asks for more (strict)
       --turn TEXT           a message that the engine answers; --permission-turn TEXT: one that makes it ask
       --harness, --loader, --env, --base-url as above

       --json                one line of JSON as the answer of health and conformance
       --help                prints this

exit status: 0 done, 1 failed or the turn did not complete (not with --raw), 64 wrong usage, 130 cancelled`;
