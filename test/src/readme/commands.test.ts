import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createProgram as cli } from '../../../packages/cli/src/program.ts'
import { createProgram as mcp } from '../../../packages/mcp/src/program.ts'

type Command = ReturnType<typeof cli>['program']

const root = fileURLToPath(new URL('../../../', import.meta.url))
const programs = {
  lelu: cli({ env: {} } as never).program,
  'lelu-mcp': mcp({ env: {} } as never, root).program,
}

const beginning =
  /^(?:\| )?(?:\$ )?(?:npx (?:-y )?@lelu\/(?<npx>cli|mcp)|npx -y pnpm@12 --silent (?<script>lelu|mcp)|(?<bin>lelu-mcp|lelu))(?= |$)/

type Line = { page: string; program: Command; words: string[] }

/** A command as a page or a message shows it, up to what the shell or a comment has behind it. */
function commandIn(page: string, text: string): Line[] {
  const { groups } = beginning.exec(text) ?? {}
  if (groups === undefined) return []
  const { npx, script, bin } = groups
  const isMcp = [npx, script].includes('mcp') || bin === 'lelu-mcp'
  const [shown = ''] = text.replace(beginning, '').split(/ #| \| |\||;| -- | > /)
  const words = shown
    .replaceAll(/'[^']*'|"[^"]*"/g, 'TEXT')
    .split(/\s+/)
    .filter(Boolean)
  const isCommand = /^(-|[a-z])/.test(words[0] ?? '')
  return isCommand ? [{ page, program: programs[isMcp ? 'lelu-mcp' : 'lelu'], words }] : []
}

/** In the fences and code spans of the pages, and in the backticks of what the sources say. */
const pages = ['*.md', '{docs,policies}/**/*.md', '{packages,examples}/*/*.md']
const shown = [
  ...globSync(pages, { cwd: root }).flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const fences = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    const shells = fences.filter(([, kind = '']) => ['', 'sh', 'console'].includes(kind))
    const spans = text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)
    const codes = [
      ...shells.map(([, , code = '']) => code),
      ...[...spans].map(([, code = '']) => code),
    ]
    const lines = codes.flatMap((code) => code.split('\n'))
    return lines.flatMap((line) => commandIn(page, line))
  }),
  ...globSync('packages/*/src/**/*.ts', { cwd: root }).flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/\$\{[^}]*\}/g, 'ID')
    const spans = [...text.matchAll(/`(lelu(?:-mcp)? [^`\\]+)\\?`/g)]
    return spans.flatMap(([, code = '']) => commandIn(page, code))
  }),
]

it('there are commands in many pages', () => {
  expect(shown.length).toBeGreaterThan(100)
  expect(new Set(shown.map(({ page }) => page)).size).toBeGreaterThan(20)
})

it.each(shown)('$page shows a command that there is: $words', ({ program, words }) => {
  const rest = [...words]
  if (rest[0] === '-C') rest.splice(0, 2)
  let at = program
  for (
    let word = rest[0];
    word?.match(/^[a-z][a-z-]*$/) && at.commands.length > 0;
    word = rest[0]
  ) {
    const next = at.commands.find((one: Command) => one.name() === word)
    expect([word, next?.name()]).toEqual([word, word])
    at = next as Command
    rest.shift()
  }
  const options = [...at.options, ...program.options]
  const known = ['--help', '-h', ...options.flatMap(({ long, short }) => [long, short])]
  for (const word of rest.filter((one) => /^--?[a-z]/.test(one))) {
    expect(known).toContain(word.replace(/[,.]$/, ''))
  }
})
