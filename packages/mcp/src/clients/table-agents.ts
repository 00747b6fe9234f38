import { join } from 'node:path'
import type { Client, Place } from './client.ts'
import { applicationData, variable, xdgConfig } from './places.ts'
import * as shape from './shapes.ts'

/** Clients of the command line. Claude Code, Codex, Gemini CLI and OpenCode were run on what is written here. */
export const agents: readonly Client[] = [
  {
    id: 'amazon-q',
    title: 'Amazon Q Developer',
    format: 'json',
    files: {
      global: ({ home }) => [join(home, '.aws/amazonq/mcp.json')],
      project: ['.amazonq/mcp.json'],
    },
    marks: { global: ({ home }) => [join(home, '.aws/amazonq')], project: ['.amazonq'] },
    container: shape.under('mcpServers'),
    remote: shape.typed('http'),
    headersKey: 'headers',
    stdio: shape.command,
    // Resolved for commands, not in headers (aws/amazon-q-developer-cli#3076).
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'Start a new session of Amazon Q; `/mcp` lists its servers.',
  },
  {
    id: 'claude-code',
    title: 'Claude Code',
    format: 'json',
    files: { global: (place) => [claudeFile(place)], project: ['.mcp.json'] },
    marks: { global: ({ home }) => [join(home, '.claude')], project: ['.mcp.json', '.claude'] },
    container: shape.under('mcpServers'),
    remote: shape.typed('http'),
    headersKey: 'headers',
    stdio: shape.typedCommand,
    token: shape.dollar,
    reads: ['dollar'],
    era: 'modern',
    modernSince: '2.1.330',
    next: {
      project:
        'Start Claude Code in this folder and approve `{name}` when it asks; `/mcp` shows it.',
      global: 'Start Claude Code again, in any folder; `/mcp` shows `{name}`.',
    },
    globalCommand: 'claude',
  },
  {
    id: 'cline-cli',
    title: 'Cline CLI',
    format: 'json',
    files: {
      global: (place) => [
        variable(
          place,
          'CLINE_MCP_SETTINGS_PATH',
          join(clineFolder(place), 'data/settings/cline_mcp_settings.json'),
        ),
      ],
    },
    marks: { global: (place) => [join(clineFolder(place), 'data/settings')], project: [] },
    container: shape.under('mcpServers'),
    remote: shape.withDefaults(shape.typed('streamableHttp'), { disabled: false }),
    headersKey: 'headers',
    stdio: shape.withDefaults(shape.command, { disabled: false }),
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'Start Cline again.',
  },
  {
    id: 'codex',
    title: 'Codex',
    format: 'toml',
    files: {
      global: (place) => [join(codexFolder(place), 'config.toml')],
      project: ['.codex/config.toml'],
    },
    marks: { global: (place) => [codexFolder(place)], project: ['.codex'] },
    container: shape.under('mcp_servers'),
    remote: shape.bare,
    headersKey: 'http_headers',
    stdio: shape.command,
    token: { kind: 'field', field: 'bearer_token_env_var' },
    reads: [],
    era: 'unknown',
    next: 'Start Codex again; `codex mcp list` shows it. A project file counts once the folder is trusted.',
  },
  {
    id: 'copilot-cli',
    title: 'GitHub Copilot CLI',
    format: 'json',
    files: {
      global: (place) => [join(copilotFolder(place), 'mcp-config.json')],
      project: ['.mcp.json', '.github/mcp.json'],
    },
    marks: {
      global: (place) => [copilotFolder(place)],
      project: ['.mcp.json', '.github/mcp.json'],
    },
    container: shape.under('mcpServers'),
    // Not in the file of a project, which Claude Code reads too.
    remote: (url, { scope }) => ({
      required: { type: 'http', url },
      defaults: scope === 'global' ? { tools: ['*'] } : {},
    }),
    headersKey: 'headers',
    stdio: (program, args, { scope }) => ({
      required: { type: 'stdio', command: program, args: [...args] },
      defaults: scope === 'global' ? { tools: ['*'] } : {},
    }),
    token: shape.dollar,
    reads: ['dollar'],
    era: 'unknown',
    next: 'Start Copilot CLI again; `copilot mcp list` shows it.',
  },
  {
    id: 'gemini',
    title: 'Gemini CLI',
    format: 'json',
    files: {
      global: ({ home }) => [join(home, '.gemini/settings.json')],
      project: ['.gemini/settings.json'],
    },
    marks: { global: ({ home }) => [join(home, '.gemini')], project: ['.gemini'] },
    container: shape.under('mcpServers'),
    remote: (url) => ({ required: { url, type: 'http' } }),
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.dollar,
    reads: ['dollar'],
    readsBare: true,
    era: 'legacy',
    next: 'Start Gemini CLI again; `/mcp` shows it. A project file counts once the folder is trusted.',
  },
  {
    id: 'goose',
    title: 'Goose',
    format: 'yaml',
    files: { global: (place) => [gooseFile(place)] },
    marks: { global: (place) => [gooseFile(place)], project: [] },
    container: shape.under('extensions'),
    remote: (url, { name }) => ({
      required: { type: 'streamable_http', uri: url },
      defaults: { name, description: '', enabled: true, timeout: 300 },
    }),
    headersKey: 'headers',
    stdio: (program, args, { name }) => ({
      required: { type: 'stdio', cmd: program, args: [...args] },
      defaults: { name, description: '', enabled: true, timeout: 300 },
    }),
    // It resolves in a URL and headers what `env_keys` names, from the environment or its keyring; in commands nothing.
    token: { kind: 'text', reference: 'dollar', beside: (name) => ({ env_keys: [name] }) },
    reads: ['dollar'],
    readsInCommands: [],
    readsBare: true,
    era: 'unknown',
    next: 'Start a new session of Goose.',
  },
  {
    id: 'opencode',
    title: 'OpenCode',
    format: 'json',
    files: {
      global: (place) =>
        ['opencode.jsonc', 'opencode.json'].map((file) => join(xdgConfig(place), 'opencode', file)),
      project: [
        'opencode.jsonc',
        'opencode.json',
        '.opencode/opencode.jsonc',
        '.opencode/opencode.json',
      ],
    },
    marks: {
      global: (place) => [join(xdgConfig(place), 'opencode')],
      project: ['opencode.jsonc', 'opencode.json', '.opencode'],
    },
    container: shape.openCodeContainer,
    remote: shape.withDefaults(shape.typed('remote'), { enabled: true }),
    headersKey: 'headers',
    stdio: shape.commandLine,
    token: { kind: 'text', reference: 'braces' },
    reads: ['braces'],
    fillsAlone: shape.fileInBraces,
    era: 'legacy',
    next: 'Start OpenCode again; `opencode mcp list` shows it.',
  },
]

function claudeFile(place: Place): string {
  return join(variable(place, 'CLAUDE_CONFIG_DIR', place.home), '.claude.json')
}

function clineFolder(place: Place): string {
  return variable(place, 'CLINE_DIR', join(place.home, '.cline'))
}

function codexFolder(place: Place): string {
  return variable(place, 'CODEX_HOME', join(place.home, '.codex'))
}

function copilotFolder(place: Place): string {
  return variable(place, 'COPILOT_HOME', join(place.home, '.copilot'))
}

function gooseFile(place: Place): string {
  return place.platform === 'win32'
    ? join(applicationData(place), 'Block/goose/config/config.yaml')
    : join(xdgConfig(place), 'goose/config.yaml')
}
