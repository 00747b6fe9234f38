type Sends<Message extends unknown[]> = { send(...message: Message): Promise<void> }

/**
 * Sends one message after the other. For each that finds its pipe full the SDK's transports keep listeners at it, and
 * Node takes the eleventh for a leak and warns, again and again while many calls meet a slow reader.
 */
export function sendInTurn<Message extends unknown[], T extends Sends<Message>>(
  transport: T & Sends<Message>,
): T {
  const send = transport.send.bind(transport)
  let last: Promise<unknown> = Promise.resolve()
  transport.send = (...message) => {
    const sending = last.then(() => send(...message))
    last = sending.catch(() => {})
    return sending
  }
  return transport
}
