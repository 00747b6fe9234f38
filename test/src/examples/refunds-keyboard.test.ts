import { expect } from 'vitest'
import { refunds, session, start, withPages } from './refunds.ts'
import { inBrowser, log, openPage, withBrowser } from './refunds-browser.ts'

withPages()
withBrowser()

inBrowser(
  'a customer without a mouse asks from one place, one refund after the other',
  async () => {
    const { data, url } = await start()
    const page = await openPage(url)
    const suggestion = page.getByRole('button', { name: '20 EUR of order 1001' })
    await suggestion.focus()
    for (const times of [1, 2]) {
      await page.keyboard.press('Enter')
      await log(page)
        .getByRole('paragraph')
        .getByText('Refunded 20 EUR')
        .nth(times - 1)
        .waitFor()
      await page.getByRole('button', { name: 'Send', disabled: false }).waitFor()
      expect(await suggestion.evaluate((one) => one === one.ownerDocument.activeElement)).toBe(true)
    }
    expect(await refunds(data)).toHaveLength(2)
  },
)

inBrowser('a reviewer without a mouse goes from one refund to the next', async () => {
  const { url, token } = await start()
  for (const amount of [100, 120]) await (await session(url)).ask(`${amount} EUR of order 1002`)
  const reviews = await openPage(`${url}/review`)
  const focused = reviews.locator(':focus')
  const approve = reviews.getByRole('button', { name: 'Approve' }).first()
  const press = (key: string) => reviews.keyboard.press(key)
  await reviews.getByLabel('Your token').focus()
  await reviews.keyboard.type(token)
  for (const waiting of ['2 refunds wait', '1 refund waits']) {
    await press('Enter') // sends the token, then approves
    // Where the keyboard is then: in front of what waits, and not at the top of the page.
    await reviews.getByText(`${waiting} for you.`).and(focused).waitFor()
    await press('Tab')
    await press('Tab')
    await approve.and(focused).waitFor()
  }
  await press('Enter')
  await reviews.getByText('Nothing waits for you.').and(focused).waitFor()
})
