import { join } from 'node:path'
import type { Client } from './client.ts'
import {
  applicationData,
  codeUser,
  editorVariables,
  extensionStorage,
  variable,
  xdgConfig,
} from './places.ts'
import * as shape from './shapes.ts'

/**
 * Clients with a window. A test compares the table with add-mcp's (neon-solutions/add-mcp), and names each difference.
 * What a client reads from its file is from its documentation, of 2026.
 */
export const editors: readonly Client[] = [
  {
    id: 'antigravity',
    title: 'Antigravity',
    format: 'json',
    files: { global: ({ home }) => [join(home, '.gemini/config/mcp_config.json')] },
    marks: { global: ({ home }) => [join(home, '.gemini/config')], project: [] },
    container: shape.under('mcpServers'),
    remote: shape.serverUrl,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'Refresh the list of MCP servers in Antigravity.',
  },
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    format: 'json',
    files: {
      global: (place) => [join(applicationData(place), 'Claude/claude_desktop_config.json')],
    },
    marks: { global: (place) => [join(applicationData(place), 'Claude')], project: [] },
    container: shape.under('mcpServers'),
    // Servers at a URL are added in the application, as connectors.
    remote: null,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'Quit Claude Desktop and start it again.',
  },
  {
    id: 'cline',
    title: 'Cline (VS Code)',
    format: 'json',
    files: {
      global: (place) => [
        join(extensionStorage(place, 'saoudrizwan.claude-dev'), 'settings/cline_mcp_settings.json'),
      ],
    },
    marks: {
      global: (place) => [extensionStorage(place, 'saoudrizwan.claude-dev')],
      project: [],
    },
    container: shape.under('mcpServers'),
    remote: shape.withDefaults(shape.typed('streamableHttp'), { disabled: false }),
    headersKey: 'headers',
    stdio: shape.withDefaults(shape.command, { disabled: false }),
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'Cline takes it up when its list of MCP servers is opened.',
  },
  {
    id: 'cursor',
    title: 'Cursor',
    format: 'json',
    files: {
      global: ({ home }) => [join(home, '.cursor/mcp.json')],
      project: ['.cursor/mcp.json'],
    },
    marks: { global: ({ home }) => [join(home, '.cursor')], project: ['.cursor'] },
    container: shape.under('mcpServers'),
    remote: shape.bare,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.envColon,
    reads: ['env-colon'],
    fills: editorVariables,
    era: 'unknown',
    next: 'In Cursor: Settings, MCP; turn `{name}` on if it is off.',
  },
  {
    id: 'roo',
    title: 'Roo Code',
    format: 'json',
    files: {
      global: (place) => [
        join(extensionStorage(place, 'rooveterinaryinc.roo-cline'), 'settings/mcp_settings.json'),
      ],
      project: ['.roo/mcp.json'],
    },
    marks: {
      global: (place) => [extensionStorage(place, 'rooveterinaryinc.roo-cline')],
      project: ['.roo'],
    },
    container: shape.under('mcpServers'),
    remote: shape.typed('streamable-http'),
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.envColon,
    reads: ['env-colon'],
    era: 'unknown',
    next: 'Roo Code takes it up when its list of MCP servers is opened.',
  },
  {
    id: 'vscode',
    title: 'VS Code',
    format: 'json',
    files: {
      global: (place) => [join(codeUser(place), 'mcp.json')],
      project: ['.vscode/mcp.json'],
    },
    marks: { global: (place) => [codeUser(place)], project: ['.vscode'] },
    container: shape.under('servers'),
    remote: shape.typed('http'),
    headersKey: 'headers',
    stdio: shape.typedCommand,
    token: { kind: 'input' },
    reads: ['env-colon', 'input'],
    fills: editorVariables,
    era: 'unknown',
    next: 'In VS Code run "MCP: List Servers" and start `{name}`.',
  },
  {
    id: 'warp',
    title: 'Warp',
    format: 'json',
    files: {
      global: ({ home }) => [join(home, '.warp/.mcp.json')],
      project: ['.warp/.mcp.json'],
    },
    marks: { global: ({ home }) => [join(home, '.warp')], project: ['.warp'] },
    container: shape.under('mcpServers'),
    remote: shape.bare,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'In Warp: Settings, Agents, MCP servers; start `{name}`.',
  },
  {
    id: 'windsurf',
    title: 'Windsurf',
    format: 'json',
    files: { global: ({ home }) => [join(home, '.codeium/windsurf/mcp_config.json')] },
    marks: { global: ({ home }) => [join(home, '.codeium/windsurf')], project: [] },
    container: shape.under('mcpServers'),
    remote: shape.serverUrl,
    headersKey: 'headers',
    stdio: shape.command,
    token: shape.envColon,
    reads: ['env-colon'],
    era: 'unknown',
    next: 'Press refresh in the list of MCP servers of Windsurf.',
  },
  {
    id: 'zed',
    title: 'Zed',
    format: 'json',
    files: {
      global: (place) => [join(zedFolder(place), 'settings.json')],
      project: ['.zed/settings.json'],
    },
    marks: { global: (place) => [zedFolder(place)], project: ['.zed'] },
    container: shape.under('context_servers'),
    remote: (url) => ({ required: { source: 'custom', type: 'http', url } }),
    headersKey: 'headers',
    stdio: (program, args) => ({
      required: { source: 'custom', command: program, args: [...args] },
    }),
    token: shape.noToken,
    reads: [],
    era: 'unknown',
    next: 'Zed takes it up at once: a green dot in the settings of its agent panel.',
  },
]

/** On macOS in ~/.config too, unlike other applications. */
function zedFolder(place: Parameters<typeof applicationData>[0]): string {
  if (place.platform === 'win32') return join(applicationData(place), 'Zed')
  if (place.platform === 'darwin') return join(place.home, '.config', 'zed')
  return join(variable(place, 'FLATPAK_XDG_CONFIG_HOME', xdgConfig(place)), 'zed')
}
