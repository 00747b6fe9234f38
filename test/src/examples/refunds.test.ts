import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { approve, block, pending, refunds, serve, start, wakeUp, withPages } from './refunds.ts'
import { inBrowser, log, openPage, withBrowser } from './refunds-browser.ts'

withPages()
withBrowser()

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your message').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Says something that makes the agent ask for a reviewer. */
async function sayAndWait(page: Page, text: string): Promise<void> {
  await say(page, text)
  await log(page).getByText('Waits for a reviewer. Nothing has been paid.').waitFor()
}

/** A page of its own, in which nothing of the customer's session is. */
async function openReviews(url: string, token: string): Promise<Page> {
  const page = await openPage(`${url}/review`)
  await page.getByLabel('Your token').fill(token)
  await page.getByRole('button', { name: 'Continue' }).click()
  return page
}

/** Posts from inside the page, with all that the customer's session has. */
function post(page: Page, path: string, body: unknown, token?: string) {
  return page.evaluate(
    async ([to, json, bearer]) => {
      const headers = {
        'content-type': 'application/json',
        ...(bearer && { authorization: `Bearer ${bearer}` }),
      }
      const response = await fetch(to ?? '', { method: 'POST', headers, body: json ?? '' })
      return { status: response.status, text: await response.text() }
    },
    [path, JSON.stringify(body), token],
  )
}

inBrowser(
  'a small refund runs, a large one waits over a killed server, and is paid once',
  async () => {
    const { data, url, port, token, kill } = await start()
    const page = await openPage(url)
    await say(page, 'Please refund 20 EUR of order 1001.')
    await log(page).getByRole('paragraph').getByText('Refunded 20 EUR of order 1001.').waitFor()
    await say(page, 'Please refund 120 EUR of order 1002.')
    await log(page).getByText('Waits for a reviewer. Nothing has been paid.').waitFor()
    expect(await refunds(data)).toEqual(['refund of 20 EUR, order 1001'])

    await kill()
    const again = await serve(data, port)
    expect(again.token).toBe(token)
    const reviews = await openReviews(url, token)
    await reviews.getByRole('button', { name: 'Approve' }).click()
    await reviews.getByText('Refund of 120 EUR, order 1002: approved.').waitFor()
    // The page that was open all the time goes on by itself.
    await log(page).getByRole('paragraph').getByText('Refunded 120 EUR of order 1002.').waitFor()
    const paid = ['refund of 20 EUR, order 1001', 'refund of 120 EUR, order 1002']
    expect(await refunds(data)).toEqual(paid)

    expect(await post(page, '/api/chat', wakeUp)).toMatchObject({
      status: 409,
      text: expect.stringContaining('Nothing is left to do.'),
    })
    await page.reload()
    await log(page).getByRole('paragraph').getByText('Refunded 120 EUR of order 1002.').waitFor()
    expect(await refunds(data)).toEqual(paid)
  },
)

inBrowser('what the reviewer denies is not paid, and the customer reads why', async () => {
  const { data, url, token } = await start()
  const page = await openPage(url)
  await sayAndWait(page, 'Maybe you can refund 30 EUR of order 1001?')
  const reviews = await openReviews(url, token)
  await reviews.getByText('The agent is 0.6 sure of this refund, and needs 0.9.').waitFor()
  await reviews.getByLabel('Reason of a denial').fill('The return has not arrived')
  await reviews.getByRole('button', { name: 'Deny' }).click()
  await log(page).getByText('A reviewer denied this call: The return has not arrived').waitFor()
  await log(page).getByText('Refused. Nothing has been paid.').waitFor()
  await reviews.getByText('Nothing waits for you.').waitFor()
  expect(await refunds(data)).toEqual([])
})

inBrowser(
  'another amount is a new decision, and the customer reads that it was changed',
  async () => {
    const { data, url, token } = await start()
    const page = await openPage(url)
    await say(page, 'Please refund 120 EUR of order 1002.')
    await log(page).getByText('Waits for a reviewer').waitFor()
    const reviews = await openReviews(url, token)
    await reviews.getByLabel('Amount in EUR').fill('999')
    await reviews.getByRole('button', { name: 'Approve' }).click()
    await reviews.getByRole('status').getByText('the policy denies the new input').waitFor()
    await reviews.getByLabel('Amount in EUR').fill('100.5')
    await reviews.getByRole('button', { name: 'Approve' }).click()
    await log(page).getByRole('paragraph').getByText('A reviewer changed the input').waitFor()
    expect(await refunds(data)).toEqual(['refund of 100.5 EUR, order 1002'])
  },
)

inBrowser('two pages of one conversation both see how it went on', async () => {
  const { data, url } = await start()
  const page = await openPage(url)
  await sayAndWait(page, 'Please refund 120 EUR of order 1002.')
  const other = await page.context().newPage()
  await other.goto(url)
  await log(other).getByText('Waits for a reviewer. Nothing has been paid.').waitFor()
  await approve(data)
  for (const one of [page, other]) {
    await log(one).getByRole('paragraph').getByText('Refunded 120 EUR of order 1002.').waitFor()
    await one.getByRole('alert').waitFor({ state: 'detached' })
  }
  expect(await refunds(data)).toEqual(['refund of 120 EUR, order 1002'])
})

inBrowser('the customer’s page can wake a call up, but not approve it', async () => {
  const { data, url } = await start()
  const page = await openPage(url)
  await sayAndWait(page, 'Please refund 120 EUR of order 1002.')
  const forged = await page.evaluate(`(async () => ${block('js')})()`)
  expect(forged).toEqual(JSON.parse(block('json')))

  const [waiting, ...others] = await pending(data)
  expect(others).toEqual([])
  for (const guess of [undefined, 'guessed']) {
    const review = { id: waiting?.id, verdict: 'approve', digest: waiting?.digest }
    expect(await post(page, '/api/review', review, guess)).toMatchObject({ status: 401 })
  }
  await post(page, '/api/chat', wakeUp)
  expect(await refunds(data)).toEqual([])
  expect(await pending(data)).toEqual([waiting])
})

inBrowser('who goes on talking does not wait, and a late approval pays nothing', async () => {
  const { data, url, token } = await start()
  const page = await openPage(url)
  await sayAndWait(page, 'Please refund 120 EUR of order 1002.')
  const [waiting] = await pending(data)
  await say(page, 'Never mind.')
  await log(page).getByText('Tell me the amount and the order, please.').waitFor()
  await log(page).getByText('Refused. Nothing has been paid.').waitFor()
  await page.reload()
  await log(page).getByText('Refused. Nothing has been paid.').waitFor()
  expect(await pending(data)).toEqual([])
  const late = { id: waiting?.id, verdict: 'approve', digest: waiting?.digest }
  expect(await post(page, '/api/review', late, token)).toMatchObject({ status: 409 })
  await post(page, '/api/chat', wakeUp)
  expect(await refunds(data)).toEqual([])
})

inBrowser(
  'a provider that does not answer is said, and asked again about the same message',
  async () => {
    vi.stubEnv('OPENAI_API_KEY', 'none').stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:9')
    const { data, url, port, kill } = await start()
    vi.unstubAllEnvs()
    const page = await openPage(url)
    await say(page, 'Please refund 20 EUR of order 1001.')
    await page.getByRole('alert').getByText('The agent did not answer').waitFor()
    expect(await refunds(data)).toEqual([])
    await kill()
    await serve(data, port)
    await page.getByRole('button', { name: 'Try again' }).click()
    await log(page).getByRole('paragraph').getByText('Refunded 20 EUR of order 1001.').waitFor()
    await page.reload()
    await log(page).getByRole('paragraph').getByText('Refunded 20 EUR of order 1001.').waitFor()
    expect(await page.getByRole('article', { name: 'You' }).count()).toBe(1)
  },
)

inBrowser('a token that is wrong is said, and another one can be entered', async () => {
  const { url, token } = await start()
  const reviews = await openReviews(url, 'guessed')
  expect(await reviews.title()).toBe('Reviews')
  await reviews.getByRole('alert').getByText('That is not the token of the reviewer.').waitFor()
  await reviews.getByLabel('Your token').fill(token)
  await reviews.keyboard.press('Enter')
  await reviews.getByText('Nothing waits for you.').waitFor()
})

inBrowser('a server that is away is said to the reviewer, until it answers again', async () => {
  const { data, url, port, token, kill } = await start()
  const reviews = await openReviews(url, token)
  await reviews.getByText('Nothing waits for you.').waitFor()
  await kill()
  await reviews.getByRole('alert').getByText('What waits could not be read').waitFor()
  await serve(data, port)
  await reviews.getByRole('alert').waitFor({ state: 'detached' })
})

inBrowser(
  'an amount that is no number decides nothing, and a double click is one vote',
  async () => {
    const { data, url, token } = await start()
    const page = await openPage(url)
    await sayAndWait(page, 'Please refund 120 EUR of order 1002.')
    const reviews = await openReviews(url, token)
    for (const amount of ['', '100,5']) {
      await reviews.getByLabel('Amount in EUR').fill(amount)
      await reviews.getByRole('button', { name: 'Approve' }).click()
      await reviews.getByRole('status').getByText('the amount is no number').waitFor()
    }
    expect(await pending(data)).toHaveLength(1)
    const answers: number[] = []
    reviews.on('response', (one) => one.request().method() === 'POST' && answers.push(one.status()))
    await reviews.getByLabel('Amount in EUR').fill('120')
    await reviews.getByRole('button', { name: 'Approve' }).dblclick()
    await reviews.getByText('Nothing waits for you.').waitFor()
    await reviews
      .getByRole('status')
      .getByText('Refund of 120 EUR, order 1002: approved.')
      .waitFor()
    expect(answers).toEqual([200])
  },
)

inBrowser('a narrow window shows whatever is written without scrolling sideways', async () => {
  const { url, token } = await start()
  const page = await openPage(url)
  await sayAndWait(page, `Please refund 120 EUR of order 1002. ${'m'.repeat(300)}`)
  const reviews = await openReviews(url, token)
  await reviews.getByRole('button', { name: 'Approve' }).waitFor()
  for (const one of [page, reviews]) {
    await one.setViewportSize({ width: 320, height: 640 })
    const widths = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth'
    expect(await one.evaluate(widths)).toBe(true)
  }
})
