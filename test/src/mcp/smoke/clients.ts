/** One question to one real client. */
export type Case = {
  client: string
  /** Its name on npm. */
  package: string
  bin: string
  scope: '--global' | '--project'
  /** Default `mcp list`. */
  list?: readonly string[]
  /** What its list says of a server that it reaches, or of one that it has. */
  shows: RegExp
  /** Whether the list connects. */
  connects: boolean
  /** Default `/mcp`. */
  path?: '/mcp' | '/sse'
  /** False: to the server that asks for no token, by an entry without one. */
  token?: false
  /** Instead of our `add` and `remove`: the line of docs/mcp.md that begins so, and what takes it back. */
  byHand?: { begins: string; remove: readonly string[] }
  /** What it keeps, in its home, once its person has trusted the folder of a project. */
  trusts?: { file: string; text(project: string): string }
}

const claude = { client: 'claude-code', package: '@anthropic-ai/claude-code', bin: 'claude' }
const copilot = { client: 'copilot-cli', package: '@github/copilot', bin: 'copilot' }
const grok = { client: 'grok-build', package: '@xai-official/grok', bin: 'grok' }
const mcporter = { client: 'mcporter', package: 'mcporter', bin: 'mcporter' }
const pi = { client: 'pi', package: '@earendil-works/pi-coding-agent', bin: 'pi' }

export const cases: readonly Case[] = [
  { ...claude, scope: '--global', shows: /lelu: http:.*\/mcp.*Connected/, connects: true },
  { ...claude, scope: '--project', shows: /lelu: http:.*Pending approval/, connects: false },
  {
    ...claude,
    scope: '--global',
    path: '/sse',
    shows: /lelu: http:.*\/sse.*Connected/,
    connects: true,
  },
  {
    ...claude,
    // That line names none: it is for this person in this folder.
    scope: '--project',
    path: '/sse',
    token: false,
    byHand: { begins: 'claude mcp add ', remove: ['mcp', 'remove', 'lelu'] },
    shows: /lelu: http:.*\/sse.*Connected/,
    connects: true,
  },
  {
    client: 'cline-cli',
    package: 'cline',
    bin: 'cline',
    scope: '--global',
    list: ['config', 'mcp'],
    // It takes no token from its environment.
    token: false,
    shows: /lelu \[streamableHttp\]/,
    connects: false,
  },
  {
    client: 'codex',
    package: '@openai/codex',
    bin: 'codex',
    scope: '--global',
    shows: /lelu\s+http:.*LELU_TOKEN\s+enabled/,
    connects: false,
  },
  { ...copilot, scope: '--global', shows: /User servers:\s+lelu \(http\)/, connects: false },
  {
    ...copilot,
    scope: '--project',
    trusts: {
      file: '.copilot/config.json',
      text: (project) => JSON.stringify({ trustedFolders: [project] }),
    },
    shows: /Workspace servers:\s+lelu \(http\)/,
    connects: false,
  },
  {
    client: 'gemini',
    package: '@google/gemini-cli',
    bin: 'gemini',
    scope: '--global',
    shows: /lelu: http:.*Connected/,
    connects: true,
  },
  { ...grok, scope: '--global', shows: /lelu: http:/, connects: false },
  { ...grok, scope: '--project', shows: /lelu: http:.*\(project\)/, connects: false },
  {
    ...grok,
    scope: '--global',
    // Its list does not connect; this does.
    list: ['mcp', 'doctor'],
    shows: /lelu \(http: [\s\S]*handshake OK[\s\S]*\d tools discovered/,
    connects: true,
  },
  {
    client: 'kilo',
    // Of 7.8.1 npm gave out the package, but none of its programs for Linux.
    package: '@kilocode/cli@7.7.7',
    bin: 'kilo',
    scope: '--global',
    shows: /✓ lelu[\s\S]*connected/,
    connects: true,
  },
  {
    ...mcporter,
    scope: '--global',
    list: ['list'],
    shows: /lelu \(\d+ tools[\s\S]*1 healthy/,
    connects: true,
  },
  {
    ...mcporter,
    scope: '--project',
    list: ['list'],
    shows: /lelu \(\d+ tools[\s\S]*1 healthy/,
    connects: true,
  },
  {
    client: 'opencode',
    package: 'opencode-ai',
    bin: 'opencode',
    scope: '--global',
    shows: /lelu[\s\S]*connected/,
    connects: true,
  },
  { ...pi, scope: '--global', shows: /lelu: connected, \d+ tools.*global/, connects: true },
  {
    ...pi,
    scope: '--project',
    trusts: {
      file: '.pi/agent/trust.json',
      text: (project) => JSON.stringify({ [project]: true }),
    },
    shows: /lelu: connected, \d+ tools.*project/,
    connects: true,
  },
]

const window = 'a program with a window, which npm does not install'
const ownInstaller = 'it has an installer of its own, and no package on npm that we know of'

/** Why a client that we know is not asked. */
export const notAsked: Readonly<Record<string, string>> = {
  'amazon-q': ownInstaller,
  antigravity: window,
  'claude-desktop': window,
  cline: 'an extension of VS Code; its command line is asked',
  cursor: window,
  fx: `${ownInstaller} (fx on npm is another program)`,
  goose: ownInstaller,
  kimi: '@moonshot-ai/kimi-code 2.1.0 installs, but its list is only in a session (`/mcp`)',
  kiro: ownInstaller,
  'mastra-code':
    'mastracode 0.32.1 lists only in a session (`/mcp`); its installer fetches from outside npm',
  roo: 'an extension of VS Code',
  vscode: window,
  warp: window,
  windsurf: window,
  zed: window,
}
