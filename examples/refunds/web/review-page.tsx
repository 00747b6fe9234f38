import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react'
import { loadReviews, type PendingReview } from './api.ts'
import { ReviewCard } from './review-card.tsx'

const everyMs = 1000

type ReviewsProps = { token: string; first: PendingReview[] }

function countText(count: number): string {
  if (count === 0) return 'Nothing waits for you.'
  return count === 1 ? '1 refund waits for you.' : `${count} refunds wait for you.`
}

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
    const timer = setInterval(
      () =>
        loadReviews(token).then(
          (found) => {
            if (left) return
            setReviews(found)
            setFailure('')
          },
          (error: Error) => left || setFailure(error.message),
        ),
      everyMs,
    )
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [token])
  return (
    <>
      <p role="status">{news}</p>
      {failure !== '' && <p role="alert">What waits could not be read: {failure}</p>}
      <p role="status" ref={start} tabIndex={-1}>
        {countText(reviews.length)}
      </p>
      {reviews.map((review) => (
        <ReviewCard key={review.id} {...{ review, token }} onDecided={setNews} onLeft={goToStart} />
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
