import { join } from 'node:path'
import { createLelu, type Lelu } from '@lelu/engine'
import { expect, onTestFinished } from 'vitest'
import { policies, start, withPages } from './refunds.ts'
import { inBrowser, openPage, withBrowser } from './refunds-browser.ts'

withPages()
withBrowser()

/** So many refunds that wait, each of another chat. */
async function waiting(data: string, count: number): Promise<Lelu> {
  const lelu = await createLelu({ directory: join(data, 'lelu'), policies })
  onTestFinished(() => lelu.close())
  const properties = { customer: 'customer-7', item: 'Office chair', price: 240, refundable: 120 }
  const subject = {
    ...({ id: 'support-agent', type: 'agent' } as const),
    actingFor: { id: 'customer-7', type: 'user' } as const,
  }
  const ask = (_: unknown, index: number) =>
    lelu.guard(
      {
        ...{ run: `chat-${index}`, subject, resource: { type: 'order', id: '1002', properties } },
        call: { id: 'call', tool: 'refund', input: { orderId: '1002', amount: 100 + index / 10 } },
      },
      () => {
        throw new Error('a refund ran')
      },
    )
  const asked = await Promise.all(Array.from({ length: count }, ask))
  expect(new Set(asked.map(({ status }) => status))).toEqual(new Set(['suspended']))
  return lelu
}

async function openReviews(url: string, token: string, width: number) {
  const page = await openPage(`${url}/review`)
  await page.setViewportSize({ width, height: 700 })
  await page.getByLabel('Your token').fill(token)
  await page.getByRole('button', { name: 'Continue' }).click()
  return page
}

inBrowser('a reviewer sees all that waits, and that the agent said nothing of itself', async () => {
  const { data, url, token } = await start()
  await waiting(data, 51)
  const page = await openReviews(url, token, 1000)
  await page.getByText('51 refunds wait for you.').waitFor()
  expect(await page.getByText('The agent gave none').count()).toBe(51)
})

inBrowser('what came of a decision far down the list is seen there', async () => {
  const { data, url, token } = await start()
  const lelu = await waiting(data, 12)
  const page = await openReviews(url, token, 1000)
  const last = page.getByRole('button', { name: 'Approve' }).last()
  await last.scrollIntoViewIfNeeded()
  // A page that is behind: what it shows was decided by somebody else.
  await page.route('**/api/review', (route) =>
    route.request().method() === 'GET' ? route.abort() : route.continue(),
  )
  await page.getByRole('alert').waitFor()
  const { approvals } = await lelu.approvals.list({ state: 'pending' })
  await lelu.approvals.cancel(approvals.at(-1)?.id ?? '')
  await last.click()
  const news = page.getByText('is cancelled: a review comes too late')
  await news.waitFor()
  const box = await news.boundingBox()
  expect(box?.y).toBeGreaterThanOrEqual(0)
  expect(box?.y).toBeLessThan(700)
})

inBrowser('a vote that is not enough is not told as a decision', async () => {
  const { data, url, token } = await start()
  await waiting(data, 1)
  const page = await openReviews(url, token, 1000)
  // What the server answers under a policy with a quorum.
  await page.route('**/api/review', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ json: { state: 'pending' } })
      : route.continue(),
  )
  for (const name of ['Approve', 'Deny']) {
    await page.getByRole('button', { name }).click()
    await page.getByText('order 1002: your vote is recorded, and it still waits.').waitFor()
  }
})

inBrowser('a reviewer who changed the amount reads which one was approved', async () => {
  const { data, url, token } = await start()
  await waiting(data, 1)
  const page = await openReviews(url, token, 1000)
  await page.route('**/api/review', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ json: { state: 'approved' } })
      : route.continue(),
  )
  await page.getByLabel('Amount in EUR').fill('50')
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByText('Refund of 100 EUR, order 1002: approved with 50 EUR.').waitFor()
})

inBrowser('a page as narrow as a phone breaks no word of a button, and is not wider', async () => {
  const { data, url, token } = await start()
  await waiting(data, 1)
  const page = await openReviews(url, token, 320)
  for (const name of ['Approve', 'Deny']) {
    const box = await page.getByRole('button', { name }).boundingBox()
    expect(box?.height).toBeLessThan(50) // one line
  }
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
})

/** The contrast of each text with what is behind it (WCAG 2), the lowest first, and how light the page is. */
const lightness = `(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number)
  const light = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((part) => {
      const c = part / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (one) => {
    const { backgroundColor } = getComputedStyle(one)
    return parts(backgroundColor)[3] === 0 && one.parentElement ? behind(one.parentElement) : backgroundColor
  }
  const texts = [...document.querySelectorAll('h1, h2, p, dt, dd, label, input, button')]
  const contrasts = texts.map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))]
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  })
  return { contrast: Math.min(...contrasts), page: light(behind(document.body)) }
})()`

inBrowser('a reviewer reads the page in a light and in a dark scheme', async () => {
  const { data, url, token } = await start()
  await waiting(data, 1)
  const page = await openReviews(url, token, 1000)
  await page.getByText('1 refund waits for you.').waitFor()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { contrast, page: paper } = await page.evaluate<{ contrast: number; page: number }>(
      lightness,
    )
    expect(contrast).toBeGreaterThan(4.5)
    expect(paper > 0.5).toBe(colorScheme === 'light')
  }
})
