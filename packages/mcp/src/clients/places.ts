import { basename, join } from 'node:path'
import type { Place, Scope } from './client.ts'

// Where programs keep their settings. Beside the table, because several clients share each.

/** `$NAME`, or the fallback where it is not set. */
export function variable({ env }: Place, name: string, fallback: string): string {
  return env[name] || fallback
}

/** `~/.config`, or where XDG_CONFIG_HOME says. */
export function xdgConfig(place: Place): string {
  return variable(place, 'XDG_CONFIG_HOME', join(place.home, '.config'))
}

/** Where applications of the system keep their data. */
export function applicationData(place: Place): string {
  const { home, platform } = place
  if (platform === 'win32') return variable(place, 'APPDATA', join(home, 'AppData', 'Roaming'))
  if (platform === 'darwin') return join(home, 'Library', 'Application Support')
  return xdgConfig(place)
}

/** VS Code's folder of the user, where its extensions keep theirs. */
export function codeUser(place: Place): string {
  return join(applicationData(place), 'Code', 'User')
}

/** What a VS Code extension keeps for itself. */
export function extensionStorage(place: Place, extension: string): string {
  return join(codeUser(place), 'globalStorage', extension)
}

/** What Cursor and VS Code fill in as `${name}`. The folder of a window is known in the file of a project alone. */
export function editorVariables(
  { home, cwd, platform }: Place,
  scope: Scope,
): Readonly<Record<string, string>> {
  const separator = platform === 'win32' ? '\\' : '/'
  const folder = { workspaceFolder: cwd, workspaceFolderBasename: basename(cwd) }
  return {
    userHome: home,
    pathSeparator: separator,
    '/': separator,
    ...(scope === 'project' && folder),
  }
}
