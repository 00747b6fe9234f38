import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Client, Place, Scope } from './client.ts'
import { noSuchScope } from './plan.ts'

/** What a folder of work has at its top. */
const projectMarks = [
  ...['.git', '.hg', '.jj', 'package.json', 'deno.json', 'pyproject.toml', 'requirements.txt'],
  ...['go.mod', 'Cargo.toml', 'pom.xml', 'build.gradle', 'build.gradle.kts', 'Gemfile'],
  ...['composer.json', 'mix.exs', 'CMakeLists.txt', 'Makefile', 'flake.nix'],
]

export type ScopeOptions = { global?: boolean | undefined; project?: boolean | undefined }

/** Where an entry goes: as asked, else into the project where there is one and the client has a file for it. */
export function scopeOf(client: Client, options: ScopeOptions, place: Place): Scope {
  const wanted: Scope | null = options.global ? 'global' : options.project ? 'project' : null
  const hasProject = (client.files.project ?? []).length > 0
  if (wanted === 'project' && !hasProject) throw noSuchScope(client, wanted)
  if (wanted === 'global' && client.files.global === undefined) throw noSuchScope(client, wanted)
  return wanted ?? (hasProject && isProject(client, place) ? 'project' : 'global')
}

function isProject(client: Client, { cwd, home }: Place): boolean {
  // A home under version control is still no project: its `.cursor` is the global one.
  if (relative(home, cwd) === '') return false
  return [...projectMarks, ...client.marks.project].some((mark) => existsSync(join(cwd, mark)))
}

/** Whether a client is used on this computer or in this folder. */
export function isDetected(client: Client, place: Place): boolean {
  const here = client.marks.project.map((mark) => join(place.cwd, mark))
  const project = relative(place.home, place.cwd) === '' ? [] : here
  return [...project, ...client.marks.global(place)].some((mark) => existsSync(mark))
}

/** A path as a person would write it: from this folder, or from home. */
export function shownPath(path: string, { cwd, home }: Place): string {
  const here = relative(cwd, path)
  if (here !== '' && !here.startsWith('..')) return here
  const fromHome = relative(home, path)
  return fromHome !== '' && !fromHome.startsWith('..') ? join('~', fromHome) : path
}
