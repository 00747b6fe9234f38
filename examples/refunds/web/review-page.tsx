import { type FormEvent, useEffect, useState } from 'react'
import { loadReviews, type PendingReview } from './api.ts'
import { ReviewCard } from './review-card.tsx'

const everyMs = 1000

type ReviewsProps = { token: string; first: PendingReview[] }

function Reviews({ token, first }: ReviewsProps) {
  const [reviews, setReviews] = useState(first)
  const [news, setNews] = useState('')
  const [failure, setFailure] = useState('')
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
      {reviews.length === 0 && <p>Nothing waits for you.</p>}
      {reviews.map((review) => (
        <ReviewCard key={review.id} review={review} token={token} onDecided={setNews} />
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
