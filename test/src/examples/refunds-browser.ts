import { existsSync } from 'node:fs'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished, test } from 'vitest'

const executablePath = '/usr/bin/chromium'
const noBrowser = !existsSync(executablePath)
const why = noBrowser ? ` (skipped: there is no ${executablePath})` : ''

/** A test that is skipped, and says why, where there is no browser. */
export const inBrowser = (name: string, play: () => Promise<void>): void =>
  test.skipIf(noBrowser)(`${name}${why}`, { timeout: 300_000 }, play)

let browser: Browser | undefined

/** Starts the browser before the tests of a file. */
export function withBrowser(): void {
  beforeAll(async () => {
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic']
    const quiet = ['--no-first-run', '--disable-background-networking']
    if (!noBrowser) browser = await chromium.launch({ executablePath, args: [...args, ...quiet] })
  }, 300_000)
  afterAll(() => browser?.close())
}

/** A page of its own, in which nothing of another one's session is. */
export async function openPage(url: string): Promise<Page> {
  const context = await browser?.newContext()
  if (context === undefined) throw new Error('There is no browser.')
  onTestFinished(() => context.close())
  context.setDefaultTimeout(60_000) // a busy machine is no broken page
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** The conversation on the customer's page. */
export const log = (page: Page): Locator => page.getByRole('log')
