import { createServer, type Server } from 'node:http'
import { isLeluError, verifyWebhook } from '@lelu/engine'

/** A receiver: `tell` hears of each notification once. */
export function receiver(secret: string, tell: (text: string) => void): Server {
  const seen = new Set<string>() // a table, where it has to outlive this process
  return createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    try {
      const { id, type, data } = verifyWebhook(request.headers, Buffer.concat(chunks), secret)
      if (!seen.has(id)) tell(`${type}: ${data.tool} ${data.link}`)
      seen.add(id)
      response.writeHead(204).end()
    } catch (error) {
      response.writeHead(isLeluError(error) ? 401 : 500).end()
    }
  })
}
