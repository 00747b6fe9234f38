import { useChat } from '@ai-sdk/react'
import {
  DefaultChatTransport,
  isToolUIPart,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  type UIMessage,
} from 'ai'
import { type FormEvent, useEffect, useState } from 'react'
import { loadChat } from './api.ts'
import { ToolCard } from './tool-card.tsx'
import { useDecisions } from './use-decisions.ts'
import { withdrawn } from './withdrawn.ts'

const suggestions = [
  'Please refund 20 EUR of order 1001.',
  'Please refund 120 EUR of order 1002.',
  'Please refund 600 EUR of order 1002.',
]

// The server keeps the conversation: it is sent what the customer says, or nothing, which wakes it up.
const transport = new DefaultChatTransport({
  api: '/api/chat',
  prepareSendMessagesRequest({ messages }) {
    const { id, role, parts } = messages.at(-1) as UIMessage
    return { body: { message: { id, role, parts: role === 'user' ? parts : [] } } }
  },
})

function Message({ role, parts }: UIMessage) {
  return (
    <article className={role} aria-label={role === 'user' ? 'You' : 'Agent'}>
      {parts.map((part, index) => {
        if (part.type === 'text') {
          return (
            <p key={index} dir="auto">
              {part.text}
            </p>
          )
        }
        return isToolUIPart(part) ? <ToolCard key={part.toolCallId} part={part} /> : null
      })}
    </article>
  )
}

function Conversation({ before }: { before: UIMessage[] }) {
  const chat = useChat({
    messages: before,
    transport,
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  })
  useDecisions(chat)
  const { messages, setMessages, sendMessage, status, error } = chat
  const [text, setText] = useState('')
  const busy = status === 'submitted' || status === 'streaming'

  // While the agent is busy the buttons do nothing, but stay: a button that is disabled loses the keyboard's place.
  function say(said: string) {
    if (said.trim() === '' || busy) return
    setMessages(withdrawn) // who goes on talking does not wait any more
    void sendMessage({ text: said })
    setText('')
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    say(text)
  }

  return (
    <main>
      <h1>Support</h1>
      <div role="log" aria-live="polite" aria-label="Conversation" aria-busy={busy}>
        {messages.map((message) => (
          <Message key={message.id} {...message} />
        ))}
      </div>
      {error !== undefined && (
        <div role="alert" className="error">
          <p>The agent did not answer: {error.message}</p>
          <button type="button" onClick={() => void sendMessage()}>
            Try again
          </button>
        </div>
      )}
      <form onSubmit={submit}>
        <label htmlFor="text">Your message</label>
        <div className="row">
          <input
            id="text"
            value={text}
            onChange={({ target }) => setText(target.value)}
            autoComplete="off"
          />
          <button type="submit" aria-disabled={busy}>
            Send
          </button>
        </div>
      </form>
      <fieldset className="suggestions">
        <legend>For example</legend>
        {suggestions.map((suggestion) => (
          <button
            key={suggestion}
            type="button"
            aria-disabled={busy}
            onClick={() => say(suggestion)}
          >
            {suggestion}
          </button>
        ))}
      </fieldset>
    </main>
  )
}

/** The customer's page. */
export function ChatPage() {
  const [before, setBefore] = useState<UIMessage[]>()
  const [failure, setFailure] = useState<string>()
  useEffect(() => {
    loadChat().then(
      ({ messages }) => setBefore(messages),
      (error: Error) => setFailure(error.message),
    )
  }, [])
  if (failure !== undefined) return <p role="alert">{failure}</p>
  return before === undefined ? <p role="status">Loading</p> : <Conversation before={before} />
}
