import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const places = ['*.md', '{docs,policies}/**/*.md', '{packages,examples}/*/*.md']
const pages = globSync(places, { cwd: root }).sort()
const read = (page: string) => readFileSync(join(root, page), 'utf8')

type Link = { target: string; anchor: string | undefined }

/** The links of a page to files of the repository. What code says is none. */
function linksOf(page: string): Link[] {
  const prose = read(page).replaceAll(/^```.*?^```/gms, '')
  const found = [...prose.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)]
  return found.map(([, path = '', anchor]) => ({
    target: path === '' ? page : normalize(join(dirname(page), path)),
    anchor,
  }))
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text)
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

it.each(pages)('%s links to what is there', (page) => {
  for (const { target, anchor } of linksOf(page)) {
    expect([target, existsSync(join(root, target))]).toEqual([target, true])
    if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor)
  }
})

it('every page can be reached from the README', () => {
  const reached = new Set(['README.md'])
  // A set is walked to its end, also to what is added on the way. A link to a folder shows its README.
  for (const page of reached) {
    for (const { target } of linksOf(page)) {
      for (const shown of [target, join(target, 'README.md')]) {
        if (pages.includes(shown)) reached.add(shown)
      }
    }
  }
  expect(pages.filter((page) => !reached.has(page))).toEqual([])
})
