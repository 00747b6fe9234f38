import { type FormEvent, useEffect, useState } from 'react'
import { loadReviews, type PendingReview } from './api.ts'
import { ReviewCard } from './review-card.tsx'

const everyMs = 1000

function Reviews({ token }: { token: string }) {
  const [reviews, setReviews] = useState<PendingReview[]>()
  const [news, setNews] = useState('')
  useEffect(() => {
    let left = false
    const load = () =>
      loadReviews(token).then(
        (found) => left || setReviews(found),
        (error: Error) => left || setNews(error.message),
      )
    void load()
    const timer = setInterval(load, everyMs)
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [token])
  return (
    <>
      <p role="status">{news}</p>
      {reviews?.length === 0 && <p>Nothing waits for you.</p>}
      {reviews?.map((review) => (
        <ReviewCard key={review.id} review={review} token={token} onDecided={setNews} />
      ))}
    </>
  )
}

/** The reviewer's page. The token is kept in this page's memory only, out of the reach of the customer's page. */
export function ReviewPage() {
  const [written, setWritten] = useState('')
  const [token, setToken] = useState<string>()
  function submit(event: FormEvent) {
    event.preventDefault()
    setToken(written.trim())
  }
  return (
    <main>
      <h1>Reviews</h1>
      {token === undefined ? (
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
        </form>
      ) : (
        <Reviews token={token} />
      )}
    </main>
  )
}
