import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react'
import { type Reviews as Found, loadReviews } from './api.ts'
import { poll } from './poll.ts'
import { ReviewCard } from './review-card.tsx'

const everyMs = 1000

type ReviewsProps = { token: string; first: Found }

function countText({ approvals: { length: count }, more }: Found): string {
  if (more) return `More than ${count} refunds wait for you. These are the oldest.`
  if (count === 0) return 'Nothing waits for you.'
  return count === 1 ? '1 refund waits for you.' : `${count} refunds wait for you.`
}

const isSame = (a: Found, b: Found) => JSON.stringify(a) === JSON.stringify(b)

function Reviews({ token, first }: ReviewsProps) {
  const [reviews, setReviews] = useState(first)
  const [news, setNews] = useState('')
  const [failure, setFailure] = useState('')
  // The keyboard comes here when what it was in has left the page: the form of the token, or a card.
  const start = useRef<HTMLParagraphElement>(null)
  const goToStart = useCallback(() => start.current?.focus({ preventScroll: true }), [])
  useEffect(goToStart, [goToStart])
  useEffect(() => {
    let left = false
    const end = poll(everyMs, async () => {
      try {
        const found = await loadReviews(token)
        if (left) return
        // Hundreds of cards are not drawn again for nothing, while somebody writes into one of them.
        setReviews((before) => (isSame(before, found) ? before : found))
        setFailure('')
      } catch (error) {
        if (!left) setFailure((error as Error).message)
      }
    })
    return () => {
      left = true
      end()
    }
  }, [token])
  return (
    <>
      <p role="status" className="news">
        {news}
      </p>
      {failure !== '' && <p role="alert">What waits could not be read: {failure}</p>}
      <p role="status" ref={start} tabIndex={-1}>
        {countText(reviews)}
      </p>
      {reviews.approvals.map((review) => (
        <ReviewCard
          // A new card for a new input: what was written into the old one was meant for the old input.
          key={`${review.id} ${review.digest}`}
          {...{ review, token }}
          onDecided={setNews}
          onLeft={goToStart}
        />
      ))}
    </>
  )
}

/** The reviewer's page. The token is kept in this page's memory only, out of the reach of the customer's page. */
export function ReviewPage() {
  const [written, setWritten] = useState('')
  const [failure, setFailure] = useState('')
  const [entered, setEntered] = useState<ReviewsProps>()
  async function submit(event: FormEvent) {
    event.preventDefault()
    const token = written.trim()
    try {
      setEntered({ token, first: await loadReviews(token) })
    } catch (error) {
      setFailure((error as Error).message)
    }
  }
  return (
    <main>
      <h1>Reviews</h1>
      {entered === undefined ? (
        <form onSubmit={submit}>
          <label htmlFor="token">Your token</label>
          <div className="row">
            <input
              id="token"
              type="password"
              autoComplete="off"
              value={written}
              onChange={({ target }) => setWritten(target.value)}
            />
            <button type="submit">Continue</button>
          </div>
          {failure !== '' && <p role="alert">{failure}</p>}
        </form>
      ) : (
        <Reviews {...entered} />
      )}
    </main>
  )
}
