import { useLayoutEffect, useRef, useState } from 'react'
import { type PendingReview, sendReview, type Verdict } from './api.ts'

type CardProps = {
  review: PendingReview
  token: string
  onDecided: (text: string) => void
  /** The card leaves the page with the keyboard in it. */
  onLeft: () => void
}

/** A call that waits, with the reviewer's buttons. */
export function ReviewCard({ review, token, onDecided, onLeft }: CardProps) {
  const { id, input, order, customer, confidence, reasons } = review
  const [amount, setAmount] = useState(String(input.amount))
  const [reason, setReason] = useState('')
  const [sending, setSending] = useState(false)
  const card = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const own = card.current
    return () => {
      if (own?.contains(document.activeElement)) onLeft()
    }
  }, [onLeft])
  const title = `Refund of ${input.amount} EUR, order ${input.orderId}`

  async function decide(verdict: Verdict) {
    if (sending) return // a double click is one vote; what is decided leaves the page with the next answer
    setSending(true)
    try {
      const state = await sendReview(token, review, verdict)
      const waits = state === 'pending' // a policy with a quorum asks for more people
      // What was decided on, where it is not what the agent had asked for.
      const edited = verdict.amount === undefined ? '' : ` with ${verdict.amount} EUR`
      const what = waits ? 'your vote is recorded, and it still waits' : `${state}${edited}`
      onDecided(`${title}: ${what}.`)
      setSending(!waits)
    } catch (error) {
      onDecided((error as Error).message)
      setSending(false)
    }
  }

  function approve() {
    const edited = Number(amount)
    if (amount.trim() === '' || !Number.isFinite(edited)) {
      onDecided(`${title}: the amount is no number. Nothing was decided.`)
      return
    }
    void decide({ verdict: 'approve', ...(edited !== input.amount && { amount: edited }) })
  }

  return (
    <section ref={card} className="tool approval-requested" aria-labelledby={`title-${id}`}>
      <h2 id={`title-${id}`}>{title}</h2>
      <dl>
        <dt>Customer</dt>
        <dd dir="auto">{customer}</dd>
        <dt>Order</dt>
        <dd>
          <bdi>{order?.item}</bdi>, {order?.price} EUR, of which {order?.refundable} EUR can be
          refunded
        </dd>
        <dt>Confidence</dt>
        <dd>
          {confidence === null ? 'The agent gave none' : `${confidence}, by the agent’s own word`}
        </dd>
        <dt>Why you are asked</dt>
        <dd>{reasons.join(' ')}</dd>
      </dl>
      <label htmlFor={`amount-${id}`}>Amount in EUR</label>
      <div className="row">
        <input
          id={`amount-${id}`}
          inputMode="decimal"
          value={amount}
          onChange={({ target }) => setAmount(target.value)}
        />
        <button type="button" aria-describedby={`title-${id}`} onClick={approve}>
          Approve
        </button>
      </div>
      <label htmlFor={`reason-${id}`}>Reason of a denial</label>
      <div className="row">
        <input
          id={`reason-${id}`}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
          maxLength={500}
        />
        <button
          type="button"
          aria-describedby={`title-${id}`}
          onClick={() => decide({ verdict: 'deny', ...(reason !== '' && { reason }) })}
        >
          Deny
        </button>
      </div>
    </section>
  )
}
