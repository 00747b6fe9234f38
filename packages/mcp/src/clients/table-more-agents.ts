import { join } from 'node:path'
import type { Client, Place } from './client.ts'
import { variable, xdgConfig } from './places.ts'
import * as shape from './shapes.ts'

/** More clients of the command line, by their documentation. */
export const moreAgents: readonly Client[] = [
  {
    id: 'fx',
    title: 'fx',
    format: 'json',
    files: { global: ({ home }) => [join(home, '.fx/mcp.json')] },
    marks: { global: ({ home }) => [join(home, '.fx')], project: [] },
    container: shape.under('mcp'),
    remote: shape.withDefaults(shape.typed('http'), { enabled: true }),
    headersKey: 'headers',
    stdio: shape.commandLine,
    token: { kind: 'field', field: 'bearer_token_env' },
    reads: [],
    era: 'unknown',
    next: 'In fx run `/mcp reload`.',
  },
  {
    id: 'grok-build',
    title: 'Grok Build',
    format: 'toml',
    files: {
      global: (place) => [join(grokFolder(place), 'config.toml')],
      project: ['.grok/config.toml'],
    },
    marks: { global: (place) => [grokFolder(place)], project: ['.grok'] },
    container: shape.under('mcp_servers'),
    remote: shape.bare,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.dollar,
    reads: ['dollar'],
    era: 'unknown',
    next: 'Start Grok again; `grok mcp list` shows it.',
  },
  {
    id: 'kilo',
    title: 'Kilo Code',
    format: 'json',
    files: {
      global: (place) => ['kilo.json', 'kilo.jsonc'].map((file) => join(kiloFolder(place), file)),
      project: [
        'kilo.json',
        '.kilo/kilo.jsonc',
        '.kilo/kilo.json',
        '.kilocode/kilo.jsonc',
        '.kilocode/kilo.json',
        'kilo.jsonc',
      ],
    },
    marks: {
      global: (place) => [kiloFolder(place)],
      project: ['.kilo', '.kilocode', 'kilo.json', 'kilo.jsonc'],
    },
    container: shape.under('mcp'),
    remote: shape.withDefaults(shape.typed('remote'), { enabled: true }),
    headersKey: 'headers',
    stdio: shape.commandLine,
    // Refused by Kilo in the file of a project, which anybody may have written.
    token: { kind: 'text', reference: 'braces', scopes: ['global'] },
    reads: ['braces'],
    fillsAlone: shape.fileInBraces,
    era: 'unknown',
    next: 'Start Kilo Code again.',
  },
  {
    id: 'kimi',
    title: 'Kimi Code',
    format: 'json',
    files: {
      global: (place) => [join(kimiFolder(place), 'mcp.json')],
      project: ['.kimi-code/mcp.json'],
    },
    marks: { global: (place) => [kimiFolder(place)], project: ['.kimi-code'] },
    container: shape.under('mcpServers'),
    remote: (url) => ({ required: { transport: 'http', url } }),
    headersKey: 'headers',
    stdio: (program, args) => ({
      required: { transport: 'stdio', command: program, args: [...args] },
    }),
    token: { kind: 'field', field: 'bearerTokenEnvVar' },
    reads: [],
    era: 'unknown',
    next: 'Start Kimi Code again; `/mcp` shows it. A project file counts once the folder is trusted.',
  },
  {
    id: 'kiro',
    title: 'Kiro',
    format: 'json',
    files: {
      global: ({ home }) => [join(home, '.kiro/settings/mcp.json')],
      project: ['.kiro/settings/mcp.json'],
    },
    marks: { global: ({ home }) => [join(home, '.kiro')], project: ['.kiro'] },
    container: shape.under('mcpServers'),
    remote: shape.bare,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.dollar,
    reads: ['dollar'],
    era: 'unknown',
    next: 'Kiro takes it up when the file is saved; its MCP panel shows it.',
  },
  {
    id: 'mastra-code',
    title: 'Mastra Code',
    format: 'json',
    files: {
      global: ({ home }) => [join(home, '.mastracode/mcp.json')],
      project: ['.mastracode/mcp.json'],
    },
    marks: { global: ({ home }) => [join(home, '.mastracode')], project: ['.mastracode'] },
    container: shape.under('mcpServers'),
    remote: shape.bare,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'Start Mastra Code again; `/mcp` shows it.',
  },
  {
    id: 'mcporter',
    title: 'MCPorter',
    format: 'json',
    files: {
      global: ({ home }) => [
        join(home, '.mcporter/mcporter.json'),
        join(home, '.mcporter/mcporter.jsonc'),
      ],
      project: ['config/mcporter.json'],
    },
    marks: {
      global: ({ home }) => [join(home, '.mcporter')],
      project: ['config/mcporter.json'],
    },
    container: shape.under('mcpServers'),
    remote: shape.bare,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.dollar,
    reads: ['dollar'],
    era: 'unknown',
    next: '`mcporter list {name}` shows its tools.',
  },
  {
    id: 'pi',
    title: 'Pi (pi-mcp-adapter)',
    format: 'json',
    files: {
      global: (place) => [join(piFolder(place), 'mcp.json')],
      project: ['.pi/mcp.json'],
    },
    marks: { global: (place) => [piFolder(place)], project: ['.pi'] },
    container: shape.under('mcpServers'),
    remote: shape.bare,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.dollar,
    reads: ['dollar'],
    era: 'legacy',
    next: 'In Pi run `/reload`.',
  },
]

function grokFolder(place: Place): string {
  return variable(place, 'GROK_HOME', join(place.home, '.grok'))
}

function kiloFolder(place: Place): string {
  return join(xdgConfig(place), 'kilo')
}

function kimiFolder(place: Place): string {
  return variable(place, 'KIMI_CODE_HOME', join(place.home, '.kimi-code'))
}

function piFolder(place: Place): string {
  return variable(place, 'PI_CODING_AGENT_DIR', join(place.home, '.pi/agent'))
}
